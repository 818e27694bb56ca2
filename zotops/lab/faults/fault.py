"""What a fault and a trap are: a practice world that is not as one expects, and how a rehearsal meets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zotops.lab.world import StartState

Breaks = Callable[[Path], None]
"""Changes a started world, which lies in this folder."""


@dataclass(frozen=True, kw_only=True)
class Twist:
    """A world that is not as one expects, and what shows it.

    `check` is the sentence of the check that it is about. `state`: the start state. `at`: the step at whose beginning
    the world changes; empty: before the run. `by_hand`: the steps that the operator does by hand, since zotops itself
    would not make the mistake. `password`: the CI user signs in by password. `played_by`: what shows it where a real
    zot cannot.
    """

    name: str
    check: str
    breaks: Breaks
    state: StartState = "open"
    runbook: str = "deploy"
    at: str = ""
    by_hand: tuple[str, ...] = ()
    password: bool = False
    played_by: Literal["", "stand-in", "proxy"] = ""

    @property
    def way(self) -> str:
        """Who makes the run that shows it, in words."""
        hand = f"{', '.join(self.by_hand)} by hand, the rest by zotops" if self.by_hand else "by zotops"
        return f"{hand}; the CI user signs in by password" if self.password else hand

    @property
    def shown_by(self) -> str:
        """Start state, runbook, moment and way, in words."""
        moment = f", changed when {self.at} begins" if self.at else ""
        return f"{self.runbook}, from the state {self.state}{moment}; {self.way}"


@dataclass(frozen=True, kw_only=True)
class Fault(Twist):
    """One way to break a world; its check turns red. `remedy` is for a real registry."""

    wrong: str
    noticed: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Trap(Twist):
    """An odd world in which all is well: nothing may turn red, and its check must not be taken in."""

    odd: str
