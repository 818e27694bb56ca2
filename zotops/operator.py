"""The Operator: whoever decides and answers, and what is shown to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from zotops.model import Check, Evidence, Facts, Question, Runbook, Step


class Decision(Enum):
    """What an operator can choose; the value is the key they press."""

    DO = "d"
    GO_ON = "g"
    BY_HAND = "h"
    CHECK = "c"
    AGAIN = "a"
    ACCEPT = "f"
    LOOK = "l"
    SKIP = "s"
    STOP = "q"


@dataclass(frozen=True, kw_only=True)
class RunBegins:
    """A run is taken up; `resumed` says whose it is and since when it was stopped, empty for a new one."""

    runbook: Runbook
    run: str
    done: Mapping[str, int]
    total: int
    resumed: str = ""


@dataclass(frozen=True, kw_only=True)
class StepBegins:
    """A step is shown; `position` counts from 1."""

    step: Step
    position: int
    total: int
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Found:
    """A check was made. `before`: what it had said before the action, empty if it was not asked."""

    check: Check
    evidence: Evidence
    when: str
    before: str = ""


@dataclass(frozen=True, kw_only=True)
class Told:
    """An action says what it is doing."""

    what: str
    result: str = ""


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """The instructions for a step that the operator does by hand."""

    step: Step


@dataclass(frozen=True, kw_only=True)
class LookCloser:
    """What a person can run to see for themselves."""

    step: Step


@dataclass(frozen=True, kw_only=True)
class StepEnds:
    """A step is over: `kind` is witnessed, shown, found done, observed, claimed or skipped."""

    step: Step
    kind: str
    position: int
    total: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunEnds:
    """Nothing more is done now. `why` is empty when every step is done."""

    run: str
    why: str
    step: Step | None = None
    counts: Mapping[str, int] | None = None
    left: tuple[str, ...] = ()


Shown = RunBegins | StepBegins | Found | Told | ByHand | LookCloser | StepEnds | RunEnds


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A decision to be made: the choices, and what the checks that decide say (by sentence) at this moment.

    `counts`: the checks were made after the action, or in a step that only looks; what is red now is red.
    """

    step: Step
    choices: Sequence[Decision]
    verdicts: Mapping[str, Evidence]
    counts: bool


class Operator(Protocol):
    """A person at a terminal, a script, or nobody."""

    def show(self, what: Shown) -> None:
        """Show it; never waits."""
        ...

    def decide(self, offer: Offer) -> Decision:
        """One of the choices. NeedsAPerson, CheckFailed or Unreachable when nobody is there to decide."""
        ...

    def ask(self, question: Question) -> str:
        """The answer, of the question's form. NeedsAPerson when nobody is there; a claim is then answered with ""."""
        ...
