"""The names and options of zotops' commands; what they do stands in zotops/commands/."""

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

PROFILE = "name of a file in profiles/, or a path; default: ZOTOPS_PROFILE, else the only profile"
STORE = "read secrets from this store of the profile instead of its own: onepassword, keyring or environment"
PARTS = "only these parts, separated by commas: format,lint,types,layers,dependencies,docs,workflows,tests"
RUN = {
    "profile": PROFILE,
    "auto": "act without asking in the steps that the profile's [auto] lists; exit 3 at the first other one",
    "dry-run": "look at every step and say what would be done; changes nothing",
    "step": "take only this step; the earlier ones must be done",
    "until": "end after this step",
    "undo": "undo this step, also of the last finished run",
    "new": "close an unfinished run as abandoned and begin a new one; the value is the reason",
    "accept-changes": "go on although the runbook or the profile changed since the run began",
    "settled": "STEP=happened or STEP=did-not: what a person found out about an uncertain action (repeatable)",
    "take-over": "continue another user's run, or go on despite another machine's marks; the value is the reason",
}


@task(
    auto_shortflags=False,
    iterable=["settled"],
    help=RUN,
)
def deploy(
    _context: Context,
    profile: str | None = None,
    auto: bool = False,
    dry_run: bool = False,
    step: str | None = None,
    until: str | None = None,
    undo: str | None = None,
    new: str | None = None,
    accept_changes: bool = False,
    settled: list[str] | None = None,
    take_over: str | None = None,
) -> int:
    """Harden the registry, step by step; run again to go on where it stopped."""
    from zotops.commands.procedure import procedure

    return procedure(
        "deploy",
        profile=profile,
        auto=auto,
        dry_run=dry_run,
        step=step,
        until=until,
        undo=undo,
        new=new,
        accept_changes=accept_changes,
        settled=settled or [],
        take_over=take_over,
    )


@task(
    auto_shortflags=False,
    iterable=["settled"],
    help=RUN | {"leaked": "somebody else has the key: end every other key first, then give CI the new one"},
)
def rotate_key(
    _context: Context,
    profile: str | None = None,
    auto: bool = False,
    dry_run: bool = False,
    step: str | None = None,
    until: str | None = None,
    undo: str | None = None,
    new: str | None = None,
    accept_changes: bool = False,
    settled: list[str] | None = None,
    take_over: str | None = None,
    leaked: bool = False,
) -> int:
    """Rotate CI's key without outage, leak or leftover; run again to go on where it stopped."""
    from zotops.commands.procedure import procedure

    return procedure(
        "rotate-leaked-key" if leaked else "rotate-key",
        profile=profile,
        auto=auto,
        dry_run=dry_run,
        step=step,
        until=until,
        undo=undo,
        new=new,
        accept_changes=accept_changes,
        settled=settled or [],
        take_over=take_over,
    )


@task(auto_shortflags=False, help={"profile": PROFILE})
def doctor(_context: Context, profile: str | None = None) -> int:
    """Tell whether everything that the runbooks need is here, and what to do about what is not."""
    from zotops.commands.doctor import doctor as command

    return command(profile=profile)


@task(
    auto_shortflags=False,
    iterable=["profile"],
    help={
        "profile": f"{PROFILE} (repeatable)",
        "as": "only what these ask, separated by commas: nobody,ci,dead,guest,admin; nobody needs no vault",
        "only": "only these checks, separated by commas: names of --list, a name's beginning, or a pattern",
        "list": "list the checks by name; asks nothing",
        "json": "print one JSON document and nothing else",
        "junit": "write a JUnit file here as well",
        "prometheus": "write metrics here as well, for a textfile collector",
        "quiet": "print only what is not as it should be",
        "strict": "exit 1 for findings as well",
        "write": "push a tiny image to the scratch repository with CI's key and pull it back; it stays there",
        "pull-through": "pull this image through the mirror that it names first, else through each; it stays cached",
        "as-dagger": "push a tiny image as Dagger does, request for request; it stays",
        "as-skopeo": "push a tiny image with skopeo, or as it does where it is not installed; it stays",
        "sign-in": "begin a sign-in at the registry and follow it to the login page; a session stays for two hours",
        "watch": "look again until everything is green",
        "store": STORE,
        "from-here": "leave out what only the server can ask, where it lets nobody in by ssh; not checked then",
    },
)
def verify(
    _context: Context,
    profile: list[str] | None = None,
    as_: str | None = None,
    only: str | None = None,
    list_: bool = False,
    json: bool = False,
    junit: str | None = None,
    prometheus: str | None = None,
    quiet: bool = False,
    strict: bool = False,
    write: bool = False,
    pull_through: str | None = None,
    as_dagger: bool = False,
    as_skopeo: bool = False,
    sign_in: bool = False,
    watch: bool = False,
    store: str | None = None,
    from_here: bool = False,
) -> int:
    """Measure who may do what at the registry, and whether everything else holds; leaves nothing unless asked to."""
    from zotops.commands.verify import verify as command

    return command(
        profile=profile or [],
        as_=as_,
        only=only,
        list_=list_,
        json=json,
        junit=junit,
        prometheus=prometheus,
        quiet=quiet,
        strict=strict,
        write=write,
        pull_through=pull_through,
        as_dagger=as_dagger,
        as_skopeo=as_skopeo,
        sign_in=sign_in,
        watch=watch,
        store=store,
        from_here=from_here,
    )


@task(
    auto_shortflags=False,
    help={
        "profile": PROFILE,
        "json": "print one JSON document and nothing else",
        "prometheus": "write metrics here as well, for a textfile collector",
        "nagios": "print one line for a monitoring program and exit with 0, 1, 2 or 3",
        "offline": "only from what is kept on this machine; asks nothing and unlocks nothing",
        "issue": "open an issue at the forge for each threshold that is passed, unless it is there",
        "store": STORE,
    },
)
def key_status(
    _context: Context,
    profile: str | None = None,
    json: bool = False,
    prometheus: str | None = None,
    nagios: bool = False,
    offline: bool = False,
    issue: bool = False,
    store: str | None = None,
) -> int:
    """Tell how long CI's key lives, when it is to be replaced, and who else has one."""
    from zotops.commands.key_status import key_status as command

    return command(
        profile=profile,
        json=json,
        prometheus=prometheus,
        nagios=nagios,
        offline=offline,
        issue=issue,
        store=store,
    )


@task(
    auto_shortflags=False,
    help={
        "profile": PROFILE,
        "audit": "check this run's journal for edited, reordered or removed records",
        "head": "with --audit: the last record's hash, as a report printed it; shows a cut or rewritten journal too",
    },
)
def runs(_context: Context, profile: str | None = None, audit: str | None = None, head: str | None = None) -> int:
    """List the runs so far."""
    from zotops.commands.runs import runs as command

    return command(profile=profile, audit=audit, head=head)


@task(
    auto_shortflags=False,
    help={
        "profile": PROFILE,
        "run": "the run's id, as `invoke runs` lists it; default: the newest",
        "json": "print one JSON document instead of Markdown",
        "junit": "write a JUnit file here as well",
        "output": "write to this file instead of printing",
    },
)
def report(
    _context: Context,
    profile: str | None = None,
    run: str | None = None,
    json: bool = False,
    junit: str | None = None,
    output: str | None = None,
) -> int:
    """Report one run as Markdown, ready for the pull request, or as JSON and JUnit."""
    from zotops.commands.report import report as command

    return command(profile=profile, run=run, json=json, junit=junit, output=output)


@task(
    auto_shortflags=False,
    help={
        "runbook": "deploy, rotate-key or rotate-leaked-key; default: the first two, one after the other",
        "fault": "break the practice world in this way, or set this trap (`invoke lab --list-faults`, `--list-traps`)",
    },
)
def rehearse(_context: Context, runbook: str | None = None, fault: str | None = None) -> int:
    """Walk a runbook in the practice world, unattended; report and journal are left in ./rehearsal/."""
    from zotops.commands.rehearse import rehearse as command

    return command(runbook=runbook, fault=fault)


@task(
    auto_shortflags=False,
    help={
        "state": "open (default), half or hardened (default with --fault)",
        "fault": "break it in this way, or set this trap",
        "list-faults": "list the ways in which it can break",
        "list-traps": "list the odd but harmless worlds",
        "ready-file": "once everything answers, write the addresses, the users and the profile here, as JSON",
    },
)
def lab(
    _context: Context,
    state: str | None = None,
    fault: str | None = None,
    list_faults: bool = False,
    list_traps: bool = False,
    ready_file: str | None = None,
) -> int:
    """Run the practice world until it is stopped, to play in."""
    from zotops.commands.lab import lab as command

    state = state or ("hardened" if fault else "open")
    return command(state=state, fault=fault, list_faults=list_faults, list_traps=list_traps, ready_file=ready_file)


@task(
    auto_shortflags=False,
    help={
        "all": "every case; without it, a sample of the costly ones that moves with the commit",
        "only": "only this file, folder or test",
    },
)
def test(_context: Context, all: bool = False, only: str | None = None) -> int:  # noqa: A002 - it is the option's name
    """Run the tests."""
    from zotops.commands.testing import test as command

    return command(every_case=all, only=only)


@task(auto_shortflags=False, help={"only": PARTS, "fix": "let format and lint mend what they can"})
def check(_context: Context, only: str | None = None, fix: bool = False) -> int:
    """Run everything that CI runs: format, lint, types, layers, dependencies, docs, workflows, tests."""
    from zotops.commands.check import check as command

    return command(only=only, fix=fix)


@task(auto_shortflags=False)
def render(_context: Context) -> int:
    """Write the generated pages anew from their definitions."""
    from zotops.commands.docs import render as command

    return command()


@task(auto_shortflags=False, name="check")
def check_pages(_context: Context) -> int:
    """Fail when a generated page differs from its definition."""
    from zotops.commands.docs import check as command

    return command()


@task(auto_shortflags=False)
def build(_context: Context) -> int:
    """Build the site into site/, with warnings as errors."""
    from zotops.commands.docs import build as command

    return command()


@task(auto_shortflags=False, help={"port": "on this port of 127.0.0.1; default: 8000"})
def serve(_context: Context, port: int = 8000) -> int:
    """Serve the site here and follow changes."""
    from zotops.commands.docs import serve as command

    return command(port=port)


docs = Collection("docs", render, check_pages, build, serve)
namespace = Collection(deploy, rotate_key, doctor, verify, key_status, runs, report, rehearse, lab, test, check, docs)
