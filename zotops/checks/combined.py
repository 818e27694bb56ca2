"""Checks made of other checks: patience, a later moment, and a weakness that is only reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zotops.errors import Stop
from zotops.model import Check, Evidence, Facts, Login, Look, Verdict, unknown
from zotops.world import World


@dataclass(frozen=True, kw_only=True)
class Around(Check):
    """A check that says and looks as another one does."""

    check: Check

    def __str__(self) -> str:
        return str(self.check)

    def run(self, world: World, facts: Facts) -> Evidence:
        """As the inner check."""
        return self.check.run(world, facts)

    @property
    def look(self) -> Look:
        """As the inner check."""
        return self.check.look

    @property
    def logins(self) -> Sequence[Login]:
        """As the inner check."""
        return self.check.logins

    @property
    def advisory(self) -> bool:
        """As the inner check."""
        return self.check.advisory

    @property
    def unknown_until(self) -> str:
        """As the inner check."""
        return self.check.unknown_until


@dataclass(frozen=True, kw_only=True)
class MayBeUnknownUntil(Around):
    """A check that can only be made once a later step is done; that step makes it again."""

    step: str

    @property
    def unknown_until(self) -> str:
        """The later step."""
        return self.step


@dataclass(frozen=True, kw_only=True)
class Eventually(Around):
    """A check that is repeated, `every` seconds, until it passes or `within` seconds are over."""

    within: float
    every: float = 0.2

    def run(self, world: World, facts: Facts) -> Evidence:
        """The first pass, or the last other answer."""
        until = world.clock.ticks() + self.within
        while True:
            evidence = self._once(world, facts)
            if evidence.verdict is Verdict.PASSED or world.clock.ticks() >= until:
                return evidence
            world.clock.sleep(self.every)

    def _once(self, world: World, facts: Facts) -> Evidence:
        try:
            return self.check.run(world, facts)
        except Stop as stop:
            return unknown(expected=self.look.want, observed=stop.what, remedy=stop.remedy)


class Finding(Around):
    """A weakness of the plan itself: reported with its remedy, but nothing is stopped by it."""

    @property
    def advisory(self) -> bool:
        """Always."""
        return True
