"""Checks made of other checks: patience, a later moment, and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from tests.lamps import FixedClock, House
from zotops.checks.combined import Around, Eventually, Finding, MayBeUnknownUntil
from zotops.errors import Unreachable
from zotops.looking import made
from zotops.model import Check, Evidence, Facts, Login, Look, Verdict, judged
from zotops.world import SecretRef, World

LOGIN = Login("ci", SecretRef("item", "key"))


@dataclass(frozen=True, kw_only=True)
class Says(Check):
    """A check that gives the next of these answers, and then the last again and again; None: nobody answers."""

    answers: Sequence[bool | None]
    asked: list[None] = field(default_factory=list)
    finding: bool = False
    until: str = ""

    def __str__(self) -> str:
        return "it holds"

    @property
    def look(self) -> Look:
        return Look(command="look", want="that it holds")

    @property
    def logins(self) -> Sequence[Login]:
        return (LOGIN,)

    @property
    def advisory(self) -> bool:
        return self.finding

    @property
    def unknown_until(self) -> str:
        return self.until

    def run(self, world: World, facts: Facts) -> Evidence:
        del world, facts
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(None)
        if answer is None:
            raise Unreachable("nobody answers", remedy="wait")
        return judged(answer, expected="e", observed=f"look {len(self.asked)}", remedy="wait")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def world(tmp_path: Path, clock: FixedClock) -> World:
    return replace(House(tmp_path).world, clock=clock)


def test_patience_ends_with_the_first_pass(world: World, clock: FixedClock) -> None:
    check = Says(answers=(False, None, True, False))
    evidence = Eventually(check=check, within=10, every=1).run(world, {})
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, "look 3")
    assert clock.ticks() == 2


def test_patience_ends_with_its_time_and_gives_the_last_answer(world: World, clock: FixedClock) -> None:
    check = Says(answers=(False,))
    evidence = Eventually(check=check, within=3, every=1).run(world, {})
    assert (evidence.verdict, evidence.observed, evidence.remedy) == (Verdict.FAILED, "look 4", "wait")
    assert clock.ticks() == 3


def test_whoever_never_answers_stays_unknown(world: World) -> None:
    evidence = Eventually(check=Says(answers=(None,)), within=2, every=1).run(world, {})
    assert evidence.verdict is Verdict.UNKNOWN
    assert (evidence.expected, evidence.observed, evidence.remedy) == ("that it holds", "nobody answers", "wait")


def test_a_check_that_holds_at_once_is_asked_once_and_nobody_waits(world: World, clock: FixedClock) -> None:
    check = Says(answers=(True,))
    Eventually(check=check, within=0).run(world, {})
    assert len(check.asked) == 1
    assert clock.ticks() == 0


def test_without_time_to_wait_it_is_looked_at_once_all_the_same(world: World) -> None:
    check = Says(answers=(False, True))
    assert Eventually(check=check, within=0).run(world, {}).verdict is Verdict.FAILED


@pytest.mark.parametrize("around", [Around, partial(Eventually, within=1)])
def test_a_check_around_another_says_looks_and_counts_as_that_one(around: object, world: World) -> None:
    assert callable(around)
    inner = Says(answers=(True,), finding=True, until="later")
    check = around(check=inner)
    assert str(check) == "it holds"
    assert check.look == inner.look
    assert check.logins == (LOGIN,)
    assert check.advisory
    assert check.unknown_until == "later"
    assert made(check, world, {}).verdict is Verdict.PASSED


def test_a_check_may_be_left_unknown_until_a_later_step_and_says_which(world: World) -> None:
    check = MayBeUnknownUntil(check=Says(answers=(None,)), step="verify")
    assert check.unknown_until == "verify"
    assert not check.advisory
    assert made(check, world, {}).verdict is Verdict.UNKNOWN


def test_a_finding_stays_red_but_only_advises(world: World) -> None:
    check = Finding(check=Says(answers=(False,)))
    assert check.advisory
    assert made(check, world, {}).verdict is Verdict.FAILED


def test_wrapping_twice_keeps_both(world: World) -> None:
    check = MayBeUnknownUntil(check=Eventually(check=Says(answers=(False, True)), within=5, every=1), step="verify")
    assert check.unknown_until == "verify"
    assert check.run(world, {}).verdict is Verdict.PASSED
