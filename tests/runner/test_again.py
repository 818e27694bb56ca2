"""What is looked at again, taken back, or taken alone."""

from __future__ import annotations

import pytest

from tests.lamps import House, IsOn, Script, lamp_runbook, lamp_step
from tests.runner.decisions import ACCEPT, DO, STOP, kinds
from zotops.errors import Interrupted, NeedsAPerson, UsageIsWrong


def test_a_done_step_that_no_longer_holds_is_reopened(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar"))
    with pytest.raises(NeedsAPerson):
        house.call(runbook, DO, STOP)
    house.lamps.on.clear()
    script = house.call(runbook, DO, DO, resumed="yes")
    assert kinds(script) == ["witnessed", "witnessed"]
    assert house.record("step-reopened")[0]["why"].startswith("no longer holds")


def test_a_step_true_only_then_is_not_looked_at_again(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall", holds="then"), lamp_step(house.lamps, "cellar"))
    with pytest.raises(NeedsAPerson):
        house.call(runbook, DO, STOP)
    house.lamps.on.clear()
    assert kinds(house.call(runbook, DO, resumed="yes")) == ["witnessed"]


def test_a_check_unknown_until_a_later_step_is_made_again_there(house: House) -> None:
    house.lamps.silent.add("attic")
    early = lamp_step(
        house.lamps, "hall", checks=(IsOn(lamps=house.lamps, name="attic", until="cellar"),), action=None, undo=None
    )
    looks = lamp_runbook(
        lamp_step(house.lamps, "hall", checks=early.checks, action=None, undo=None, look_only=True),
        lamp_step(house.lamps, "cellar"),
    )

    def opens(_: str) -> None:
        house.lamps.silent.clear()

    house.lamps.breaks_after = opens
    with pytest.raises(NeedsAPerson):
        house.call(looks, DO, STOP)
    made = [(r["check"], r["verdict"]) for r in house.record("check-made")]
    assert made[0] == ("lamp attic is on", "unknown")
    assert ("lamp attic is on", "failed") in made


def test_undo_takes_the_step_back_and_reopens_it(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar"))
    house.call(runbook, DO, DO)
    house.runner(runbook, Script([])).undo("hall")
    assert house.lamps.on == {"cellar"}
    assert [e for e in house.events() if "undo" in e or "reopened" in e] == [
        "hall undo-intended",
        "hall undo-done",
    ]


def test_undo_reopens_later_steps_only_if_they_no_longer_hold(house: House) -> None:
    needs_hall = lamp_step(house.lamps, "cellar", checks=(IsOn(lamps=house.lamps, name="hall"),))
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), needs_hall, lamp_step(house.lamps, "porch"))
    house.call(runbook, DO, ACCEPT, DO)
    house.runner(runbook, Script([])).undo("hall")
    assert [e for e in house.events() if "reopened" in e] == ["cellar step-reopened"]


def test_undo_reopens_later_steps_that_were_begun_whatever_they_came_to(house: House) -> None:
    rests_on_hall = lamp_step(house.lamps, "cellar", checks=(IsOn(lamps=house.lamps, name="porch"),))
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), rests_on_hall, lamp_step(house.lamps, "attic"))
    with pytest.raises(NeedsAPerson):
        house.call(runbook, DO, DO, STOP)
    house.runner(runbook, Script([])).undo("hall")
    assert [e for e in house.events() if "reopened" in e] == ["cellar step-reopened"]


def test_an_undo_that_was_cut_off_makes_later_steps_be_looked_at_again(house: House) -> None:
    needs_hall = lamp_step(
        house.lamps, "cellar", checks=(IsOn(lamps=house.lamps, name="hall"),), holds="then", look_only=True, action=None
    )
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), needs_hall, lamp_step(house.lamps, "porch"))
    with pytest.raises(NeedsAPerson):
        house.call(runbook, DO, STOP)

    def cut_off(_: str) -> None:
        raise KeyboardInterrupt

    house.lamps.breaks_after = cut_off
    with pytest.raises(Interrupted):
        house.runner(runbook, Script([])).undo("hall")
    house.lamps.breaks_after = lambda _: None
    with pytest.raises(NeedsAPerson):
        house.call(runbook, STOP, resumed="yes")
    assert [e for e in house.events() if "reopened" in e] == ["cellar step-reopened"]


@pytest.mark.parametrize("name", ["nowhere", ""])
def test_a_step_that_is_not_there_is_wrong_usage(house: House, name: str) -> None:
    with pytest.raises(UsageIsWrong, match="there is no step"):
        house.runner(lamp_runbook(lamp_step(house.lamps, "hall")), Script([])).undo(name)


def test_only_one_step_needs_the_earlier_ones(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar"))
    with pytest.raises(UsageIsWrong, match="not done yet: hall"):
        house.call(runbook, only="cellar")
    assert house.lamps.on == set()


def test_only_one_step_takes_a_done_one_again(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar"))
    house.call(runbook, DO, until="hall")
    assert kinds(house.call(runbook, ACCEPT, only="hall")) == ["found done"]


def test_what_rests_on_a_step_that_is_taken_again_has_to_hold_still(house: House) -> None:
    rests = lamp_step(house.lamps, "cellar", holds="then")
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), rests, lamp_step(house.lamps, "porch"))
    house.call(runbook, DO, DO, DO)
    house.lamps.on.discard("hall")
    house.lamps.breaks_after = lambda _: house.lamps.on.discard("cellar")
    house.call(runbook, DO, only="hall")
    assert [e for e in house.events() if "reopened" in e] == ["hall step-reopened", "cellar step-reopened"]
    house.lamps.breaks_after = lambda _: None
    assert kinds(house.call(runbook, DO, resumed="yes")) == ["witnessed"]
    assert house.lamps.on == {"hall", "cellar", "porch"}


def test_until_ends_after_that_step(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar"))
    house.call(runbook, DO, until="hall")
    assert house.lamps.on == {"hall"}
