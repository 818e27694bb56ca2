"""An action that failed, or was cut off, before or after its effect."""

from __future__ import annotations

import signal
from contextlib import ExitStack

import pytest

from tests.full_disk import no_file_larger_than
from tests.lamps import LAMP_MADE, House, lamp_runbook, lamp_step
from tests.runner.decisions import DO, kinds
from zotops.errors import ActionFailed, Interrupted, Stop, Uncertain, Unreachable


def test_an_action_that_certainly_failed_leaves_the_step_open(house: House) -> None:
    house.lamps.stuck.add("hall")
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(ActionFailed, match="stuck"):
        house.call(runbook, DO)
    house.lamps.stuck.clear()
    assert kinds(house.call(runbook, DO, resumed="yes")) == ["witnessed"]


def broken(_: str) -> None:
    raise Unreachable("the line broke")


def test_an_action_cut_off_after_its_effect_is_settled_and_not_repeated(house: House) -> None:
    house.lamps.breaks_after = broken
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(Uncertain):
        house.call(runbook, DO)
    script = house.call(runbook, resumed="yes")
    assert kinds(script) == ["witnessed"]
    assert house.events().count("hall action-intended") == 1


def test_an_effect_that_finds_no_room_in_the_journal_is_uncertain_and_looked_up(house: House) -> None:
    with ExitStack() as full:

        def fills_the_disk(_: str) -> None:
            full.enter_context(no_file_larger_than(house.path.stat().st_size + 20))

        house.lamps.breaks_after = fills_the_disk
        runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
        with pytest.raises(Uncertain, match=r"hall: it happened, unrecorded: .* cannot be written") as uncertain:
            house.call(runbook, DO)
        assert "make room" in uncertain.value.remedy
    script = house.call(runbook, resumed="yes")
    assert kinds(script) == ["witnessed"]
    assert house.events().count("hall action-intended") == 1


def test_an_action_cut_off_before_its_effect_is_offered_again(house: House) -> None:
    house.lamps.breaks_before = broken
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(Uncertain):
        house.call(runbook, DO)
    house.lamps.breaks_before = lambda _: None
    assert kinds(house.call(runbook, DO, resumed="yes")) == ["witnessed"]


@pytest.mark.parametrize(("kind", "stops"), [(ActionFailed, ActionFailed), (Unreachable, Uncertain)])
def test_what_an_action_found_out_before_it_broke_off_is_known_afterwards(
    house: House, kind: type[Stop], stops: type[Stop]
) -> None:
    def finds(_: str) -> None:
        stop = kind("the line broke")
        stop.found[LAMP_MADE.name] = "lamp-of-before"
        raise stop

    house.lamps.breaks_before = finds
    with pytest.raises(stops):
        house.call(lamp_runbook(lamp_step(house.lamps, "hall")), DO)
    assert [(r["name"], r["value"]) for r in house.record("fact-found")] == [(LAMP_MADE.name, "lamp-of-before")]


def test_what_nobody_can_tell_stays_uncertain_and_says_how_to_find_out(house: House) -> None:
    house.lamps.breaks_after = broken
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(Uncertain):
        house.call(runbook, DO)
    house.lamps.silent.add("hall")
    with pytest.raises(Uncertain, match=r"behind the wall at lamp hall.*--settled hall=happened"):
        house.call(runbook, resumed="yes")
    assert house.events().count("hall action-intended") == 1


def test_ctrl_c_in_an_action_is_recorded_and_settled_on_resume(house: House) -> None:
    house.lamps.breaks_after = lambda _: signal.raise_signal(signal.SIGINT)
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(Interrupted):
        house.call(runbook, DO)
    assert house.record("run-stopped")[-1]["exit"] == 130
    assert kinds(house.call(runbook, resumed="yes")) == ["witnessed"]


def test_attempts_are_counted_over_the_whole_run(house: House) -> None:
    house.lamps.stuck.add("cellar")
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar"))
    with pytest.raises(ActionFailed):
        house.call(runbook, DO, DO)
    house.lamps.stuck.clear()
    house.call(runbook, DO, resumed="yes")
    assert [r["intent"]["label"] for r in house.record("action-intended")] == [
        "zotops/7f3a/1",
        "zotops/7f3a/2",
        "zotops/7f3a/3",
    ]
