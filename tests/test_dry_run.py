"""The dry run: everything is looked at, what would be done is said, and nothing happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lamps import LAMP_MADE, House, IsOn, Script, lamp_runbook, lamp_step
from zotops.dry_run import dry_run
from zotops.operator import Found, StepBegins, Told


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_every_step_is_looked_at_and_says_what_would_be_done(house: House) -> None:
    book = lamp_runbook(
        lamp_step(house.lamps, "hall"),
        lamp_step(house.lamps, "attic", action=None, undo=None),
        lamp_step(house.lamps, "yard", action=None, undo=None, look_only=True),
    )
    script = Script([])
    assert dry_run(book, house.world, script) == 0
    assert [shown.step.id for shown in script.shown if isinstance(shown, StepBegins)] == ["hall", "attic", "yard"]
    assert [f"{shown.what}: {shown.result}" for shown in script.shown if isinstance(shown, Told)] == [
        "hall: would: switches lamp hall on",
        "attic: is done by hand",
        "yard: only looks",
    ]
    assert [str(shown.check) for shown in script.shown if isinstance(shown, Found)] == [
        "lamp hall is on",
        "lamp attic is on",
        "lamp yard is on",
    ]


def test_nothing_is_changed_written_or_asked(house: House) -> None:
    script = Script([])
    dry_run(lamp_runbook(lamp_step(house.lamps, "hall")), house.world, script)
    assert house.lamps.on == set()
    assert list(house.folder.iterdir()) == []
    assert script.offers == []


def test_what_would_leave_something_is_not_looked_at_and_said(house: House) -> None:
    leaves = IsOn(lamps=house.lamps, name="hall", trace="a fingerprint on the switch")
    house.lamps.silent.add("hall")
    script = Script([])
    book = lamp_runbook(lamp_step(house.lamps, "hall", checks=(leaves,), action=None, undo=None))
    assert dry_run(book, house.world, script) == 0
    assert [shown for shown in script.shown if isinstance(shown, Found)] == []
    assert [f"{shown.what}: {shown.result}" for shown in script.shown if isinstance(shown, Told)] == [
        "not looked at: lamp hall is on: that leaves a fingerprint on the switch",
        "hall: is done by hand",
    ]


def test_what_is_red_is_no_failure_of_a_dry_run(house: House) -> None:
    assert dry_run(lamp_runbook(lamp_step(house.lamps, "hall")), house.world, Script([])) == 0


def test_what_cannot_be_looked_at_makes_it_five(house: House) -> None:
    house.lamps.silent.add("hall")
    assert dry_run(lamp_runbook(lamp_step(house.lamps, "hall")), house.world, Script([])) == 5


def test_what_may_wait_or_only_finds_does_not(house: House) -> None:
    house.lamps.silent.add("hall")
    waits = lamp_step(house.lamps, "hall", checks=(IsOn(lamps=house.lamps, name="hall", until="attic"),))
    finds = lamp_step(house.lamps, "attic", checks=(IsOn(lamps=house.lamps, name="hall", finding=True),))
    assert dry_run(lamp_runbook(waits, finds), house.world, Script([])) == 0


def test_no_fact_is_invented(house: House) -> None:
    script = Script([])
    dry_run(lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "attic")), house.world, script)
    assert all(LAMP_MADE not in shown.facts for shown in script.shown if isinstance(shown, StepBegins))
