"""Provisioning by Ansible through mise: runs a tag of the playbook and reads what it printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from posixpath import basename

from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.world import World

COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
TASK = re.compile(r"(?:TASK|RUNNING HANDLER) \[(?P<name>.+)\] \**$")
RESULT = re.compile(r"(?P<result>ok|changed|skipping|failed|fatal): \[(?P<host>[^\]]+)\]")
HOST = re.compile(r"(?P<host>\S+)\s+: (?P<counts>ok=\d+\s.*failed=\d+.*)$")
ERROR = re.compile(r"\[ERROR\]: (?P<text>.+)")
PLAIN = {"ANSIBLE_NOCOWS": "1"}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A task that ran, and how: ok, changed, skipping, failed or fatal."""

    task: str
    result: str


@dataclass(frozen=True, kw_only=True)
class Play:
    """What a run of the playbook printed: its tasks, its recap, and the diff of the configuration file alone.

    `config_diff`: lines from the first `@@`, None when none was printed. `hidden`: names of all other files that a
    diff was printed of; their content is dropped while reading, before anything can show or keep it.
    """

    code: int
    tasks: tuple[Ran, ...] = ()
    recap: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    config_diff: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()

    def trouble(self, expected: Iterable[str]) -> str:
        """Why this run is no success, or "". Exit code 0 alone proves nothing: a misspelt tag has it too."""
        refused = [line for line in self.recap if not re.search(r"unreachable=0\b.*failed=0\b", line)]
        missing = [name for name in expected if name not in {ran.task for ran in self.tasks}]
        if self.code != 0 or refused or not self.recap:
            failed = [ran.task for ran in self.tasks if ran.result in {"failed", "fatal"}]
            where = f"task {failed[-1]!r} failed" if failed else f"it ended with {self.code}"
            return f"{where}, {' and '.join(refused) or 'no host in its recap'}{self._said}"
        return f"it did not come to the task {missing[0]!r}" if missing else ""

    @property
    def _said(self) -> str:
        return f": {self.errors[0]}" if self.errors else ""

    @property
    def host_unreachable(self) -> bool:
        """Whether the host could not be reached; exit code 4 alone also means a broken playbook."""
        return any(re.search(r"unreachable=[1-9]", line) for line in self.recap)

    @property
    def changed(self) -> tuple[str, ...]:
        """Tasks that changed something, or would."""
        return tuple(ran.task for ran in self.tasks if ran.result == "changed")


def dry_run(world: World, profile: Profile, tag: str) -> Play:
    """`--check --diff`: changes nothing. Its output holds secrets, so no line of it is ever passed on."""
    words = ("--check", "--diff", "--tags", tag)
    try:
        done = world.programs.run(_argv(profile, words), timeout=profile.provisioning.patience, environment=PLAIN)
    except Unreachable as error:
        # The reason may quote the last line of output, which may be one of the diff.
        what = f"`mise run {profile.provisioning.task} -- {' '.join(words)}` cannot be run, or does not end"
        raise Unreachable(what, remedy=error.remedy) from None
    return parse_play(done.code, f"{done.out}\n{done.err}", config=profile.server.config)


def play(world: World, profile: Profile, tag: str) -> Play:
    """Run the tag; each task's result is told as it comes, and nothing else."""
    argv, patience = _argv(profile, ("--tags", tag)), profile.provisioning.patience
    done = world.programs.run(argv, timeout=patience, on_line=Narrator(world.tell), environment=PLAIN)
    return parse_play(done.code, f"{done.out}\n{done.err}", config=profile.server.config)


def _argv(profile: Profile, words: Sequence[str]) -> tuple[str, ...]:
    return ("mise", "run", profile.provisioning.task, "--", *words)


@dataclass
class Narrator:
    """Tells a task and its result, whatever else is printed: a diff may be turned on in somebody's ansible.cfg."""

    tell: Callable[[str, str], None]
    task: str = ""

    def __call__(self, line: str) -> None:
        """Take one line of output."""
        plain = COLOUR.sub("", line).rstrip()
        if found := TASK.match(plain):
            self.task = found["name"]
        elif self.task and (found := RESULT.match(plain)):
            self.tell(self.task, found["result"])


@dataclass
class Reader:
    """Reads a play's output line by line; inside the diff of any file but the configuration it keeps nothing."""

    config: str
    tasks: list[Ran] = field(default_factory=list)
    recap: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    diff: list[str] | None = None
    task: str = ""
    before: str = ""
    inside: str = ""  # "", "head", "config" or "hidden"

    def take(self, line: str) -> None:
        """Take one line, without colours and line end."""
        if line.startswith("--- before") and self.inside != "config":
            self.inside, self.before = "head", line.removeprefix("--- before").removeprefix(": ")
        elif self.inside == "head":
            self._begin(line.removeprefix("+++ after").removeprefix(": "))
        elif self.inside and line:  # a diff ends with an empty line
            if self.inside == "config" and self.diff is not None:
                self.diff.append(line)
        else:
            self.inside = ""
            self._outside(line)

    def _begin(self, after: str) -> None:
        if self._is_config(after):
            self.inside, self.diff = "config", []
        else:
            self.inside = "hidden"
            self.hidden.append(self.before or after or "an unnamed change")

    def _is_config(self, after: str) -> bool:
        """A new file has no name before; its name after is the template's, or its own."""
        if self.before:
            return self.before == self.config
        return after == self.config or basename(after) == f"{basename(self.config)}.j2"

    def _outside(self, line: str) -> None:
        if found := TASK.match(line):
            self.task = found["name"]
        elif self.task and (found := RESULT.match(line)):
            self.tasks.append(Ran(task=self.task, result=found["result"]))
        elif found := HOST.match(line):
            self.recap.append(" ".join(line.split()))
        elif found := ERROR.search(line):
            self.errors.append(found["text"][:300])


def parse_play(code: int, printed: str, *, config: str) -> Play:
    """Read what `ansible-playbook` printed; `config` is the path of the registry's configuration on the server."""
    reader = Reader(config=config)
    for line in printed.splitlines():
        reader.take(COLOUR.sub("", line).rstrip("\r"))
    return Play(
        code=code,
        tasks=tuple(reader.tasks),
        recap=tuple(reader.recap),
        errors=tuple(reader.errors),
        config_diff=None if reader.diff is None else tuple(reader.diff),
        hidden=tuple(reader.hidden),
    )
