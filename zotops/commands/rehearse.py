"""`invoke rehearse`: a runbook in the practice world, unattended; report and journal stay in ./rehearsal/."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from zotops.commands.lab import told, wanted_twist
from zotops.commands.operators import screen_for
from zotops.commands.outcomes import outcome, tell_stop
from zotops.commands.report import markdown_of
from zotops.commands.walking import walk
from zotops.commands.wanted import Wanted
from zotops.errors import CheckFailed, Stop, UsageIsWrong
from zotops.journal import Record
from zotops.lab import leaving_the_group
from zotops.lab.faults import Fault, Trap, Twist
from zotops.lab.faults.breaking import sign_in_by_password
from zotops.lab.hands import Hands
from zotops.lab.operator import LeftOpen, PracticeOperator
from zotops.lab.world import StartState, find_zot, make, start
from zotops.model import Verdict
from zotops.profile_file import read_profile
from zotops.redaction import Redactor
from zotops.runbooks import RUNBOOKS
from zotops.runs import Run, all_runs

KEPT = Path("rehearsal")
NOT_CAUGHT = 5
# Where one is not named: from the open registry to a rotated key.
USUAL = ("deploy", "rotate-key")


def rehearse(*, runbook: str | None, fault: str | None) -> int:
    """0: as it should be, as in each trap. With a fault: 1 when its check turned red, 5 when something else stopped."""

    def command() -> int:
        twist = wanted_twist(fault)
        names = [runbook] if runbook else [twist.runbook] if twist else list(USUAL)
        if unknown := [name for name in names if name not in RUNBOOKS]:
            raise UsageIsWrong(f"there is no runbook {unknown[0]!r}", remedy=f"one of {', '.join(RUNBOOKS)}")
        return rehearse_in_a_world(names, twist)

    return outcome(command)


def rehearse_in_a_world(names: Sequence[str], twist: Twist | None) -> int:
    """Make a world, twist it, walk the runbooks in it, and keep what is left of the last run."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zotops-lab-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        zot = None if twist and twist.played_by == "stand-in" else find_zot()
        # A rotation alone begins where a deployment has ended.
        begins: StartState = "open" if names[0] == "deploy" else "hardened"
        world = make(root, state=twist.state if twist else begins, zot=zot)
        with start(root):
            _say(f"PRACTICE. The registry is {_kind(world['registry']['kind'])}.")
            if twist:
                _begin(twist, root)
            _say("")
            # One that did not end well leaves a world half made, in which the next means nothing.
            code = next(filter(None, (_walk(name, root, twist) for name in names)), 0)
            shown = [] if twist or code else leaving_the_group.show(world)
        runs = all_runs(root / "zotops")
        if runs:
            _keep(runs, shown)
    _say(f"\nIt took {time.monotonic() - began:.1f} s. Report and journal: {KEPT}/report.md, {KEPT}/journal.jsonl")
    return _judged(runs, twist, code) if twist else code


def _begin(twist: Twist, root: Path) -> None:
    """Say what is not as one expects, and make it so, unless that comes later."""
    _say(f"{'Broken on purpose' if isinstance(twist, Fault) else 'Odd on purpose'}: {told(twist)}")
    _say(f"Shown by: {twist.shown_by}.")
    if twist.password:
        sign_in_by_password(root)
    if not twist.at:
        twist.breaks(root)


def _walk(name: str, root: Path, twist: Twist | None) -> int:
    """Walk one runbook and return the run's own exit code."""
    profile, redactor = read_profile(root / "profile.toml"), Redactor()
    operator = PracticeOperator(
        screen=screen_for(profile, again="./inv rehearse", redact=redactor.redact),
        hands=Hands(root),
        by_hand=twist.by_hand if twist else (),
        meanwhile={twist.at: partial(twist.breaks, root)} if twist and twist.at else {},
    )
    try:
        return walk(
            name=name,
            runbook=RUNBOOKS[name](profile),
            profile=profile,
            operator=operator,
            wanted=Wanted(),
            redactor=redactor,
            folder=root / "zotops",
        )
    except LeftOpen as left:
        red = [s for s, evidence in left.offer.verdicts.items() if evidence.verdict is Verdict.FAILED]
        return CheckFailed.exit_code if red else NOT_CAUGHT
    except Stop as stop:
        tell_stop(stop)
        return stop.exit_code


def _keep(runs: Sequence[Run], shown: Sequence[str]) -> None:
    """Leave one report of all runs and a journal of each; at the end what only a practice world can show, as said."""
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir()
    for n, run in enumerate(runs):
        shutil.copy(run.path, KEPT / (f"journal-{run.now.header['runbook']}.jsonl" if n else "journal.jsonl"))
    last = "\n".join(["\n## Shown in the practice world only\n", *(f"- {line}" for line in shown), ""]) if shown else ""
    (KEPT / "report.md").write_text("\n".join(map(markdown_of, runs)) + last, encoding="utf-8")
    if shown:
        _say("\nShown in the practice world only:")
    for line in shown:
        _say(f"  {line}")


def _judged(runs: Sequence[Run], twist: Twist, code: int) -> int:
    """Whether the check that the catalogue names is the one that turned red; in a trap none may."""
    red = [record.data["check"] for run in runs for record in run.records if _is_red(record, run)]
    if isinstance(twist, Trap):
        taken_in = code != 0 or twist.check in red
        _say(f"\nTrap {twist.name}: {'TAKEN IN' if taken_in else 'not taken in'}. The run ended with {code}.")
        return (CheckFailed.exit_code if red else NOT_CAUGHT) if taken_in else 0
    caught = twist.check in red
    _say(f"\nFault {twist.name}: {'caught' if caught else 'NOT caught'} by: {twist.check}. The run ended with {code}.")
    if caught:
        return CheckFailed.exit_code
    return NOT_CAUGHT if code else 0


def _is_red(record: Record, run: Run) -> bool:
    """A check that was red when it counted; a finding also in a step that was found done all the same."""
    if record.event != "check-made" or record.data["verdict"] != "failed":
        return False
    return record.data["when"] == "after" or run.now.of(record.step).kind == "found done"


def _kind(kind: str) -> str:
    return "the practice stand-in, not a real zot" if kind == "practice" else f"a real {kind}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
