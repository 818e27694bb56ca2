"""Why zotops cannot go on, as one short tree.

    Stop
    |-- ConfigurationIsWrong   78  a profile, or what a profile names
    |-- DefinitionChanged       7  runbook or profile differ from those the run began with
    |-- LockedByAnother         6  another run works on this registry
    |-- Uncertain               4  an action may or may not have happened
    |-- ActionFailed            1  an action certainly did not happen
    |-- CheckFailed             1  a check is red after its step's action, or in a step that only looks
    |-- Unreachable             5  no answer, or none that can be understood, from a system
    |-- NeedsAPerson            3  nobody is there to decide or to answer
    |-- UsageIsWrong            2  options that do not fit together
    `-- Interrupted           130  Ctrl-C

A failed check is no exception: it is Evidence.
"""

from __future__ import annotations

from typing import ClassVar


class Stop(Exception):  # the field's word: every one of these ends a run, few are errors
    """Ends a command. The text names the value, the place and the remedy, in that order."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        # What was found out before it: by the names of facts, so that it is known although an action came to no end.
        self.found: dict[str, str] = {}

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}" if self.remedy else self.what


class ConfigurationIsWrong(Stop):
    """Everything that is wrong with a profile, one problem a line."""

    exit_code = 78


class DefinitionChanged(Stop):
    """The difference is in `what`; `--accept-changes` goes on."""

    exit_code = 7


class LockedByAnother(Stop):
    """Another run holds the registry's lock."""

    exit_code = 6


class Uncertain(Stop):
    """An action was begun and nobody can tell yet whether it happened."""

    exit_code = 4


class ActionFailed(Stop):
    """An action certainly did not happen."""

    exit_code = 1


class CheckFailed(Stop):
    """A check is red when it counts, and nobody is there to decide what to do about it."""

    exit_code = 1


class Unreachable(Stop):
    """A system gave no answer that can be judged: refused, timed out, cut off, not understood."""

    exit_code = 5


class NeedsAPerson(Stop):
    """A decision or an answer is missing and nobody is there to give it."""

    exit_code = 3


class UsageIsWrong(Stop):
    """Options that do not fit together, or name something that is not there."""

    exit_code = 2


class Interrupted(Stop):
    """Ctrl-C; the run can be resumed."""

    exit_code = 130
