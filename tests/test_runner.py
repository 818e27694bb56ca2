"""The walk: decisions, kinds of evidence, what is recorded and in which order, resume and undo."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lamps import House, IsOn, Script, TurnOn, lamp_runbook, lamp_step
from zotops.errors import (
    ActionFailed,
    CheckFailed,
    Interrupted,
    NeedsAPerson,
    Uncertain,
    Unreachable,
    UsageIsWrong,
)
from zotops.model import Question
from zotops.operator import Decision, Offer, RunEnds, StepEnds
from zotops.runner import Bounds
from zotops.world import SecretRef

DO, GO_ON, HAND, CHECK = Decision.DO, Decision.GO_ON, Decision.BY_HAND, Decision.CHECK
AGAIN, ACCEPT, LOOK, SKIP, STOP = Decision.AGAIN, Decision.ACCEPT, Decision.LOOK, Decision.SKIP, Decision.STOP


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def kinds(script: Script) -> list[str]:
    return [shown.kind for shown in script.shown if isinstance(shown, StepEnds)]


def test_a_step_that_was_red_and_is_done_by_zotops_is_witnessed(house: House) -> None:
    script = house.call(lamp_runbook(lamp_step(house.lamps, "hall")), DO)
    assert kinds(script) == ["witnessed"]
    assert house.lamps.on == {"hall"}


def test_the_intent_stands_in_the_journal_before_anything_happens(house: House) -> None:
    def must_be_recorded(_: str) -> None:
        assert house.events()[-1] == "hall action-intended"

    house.lamps.breaks_before = must_be_recorded
    house.call(lamp_runbook(lamp_step(house.lamps, "hall")), DO)
    assert house.events() == [
        "run-started",
        "hall step-started",
        "hall decided",
        "hall action-intended",
        "hall fact-found",
        "hall action-done",
        "hall step-done",
        "run-finished",
    ]


def test_a_step_that_holds_already_is_found_done_and_nothing_is_done(house: House) -> None:
    house.lamps.on.add("hall")
    script = house.call(lamp_runbook(lamp_step(house.lamps, "hall")), ACCEPT)
    assert kinds(script) == ["found done"]
    assert "hall action-intended" not in house.events()


def test_what_could_not_be_looked_at_before_is_shown_not_witnessed(house: House) -> None:
    house.lamps.silent.add("hall")
    house.lamps.breaks_after = house.lamps.silent.discard
    assert kinds(house.call(lamp_runbook(lamp_step(house.lamps, "hall")), DO)) == ["shown"]


def test_a_step_that_only_looks_is_observed_and_never_asked_about(house: House) -> None:
    house.lamps.on.add("hall")
    step = lamp_step(house.lamps, "hall", action=None, undo=None, look_only=True)
    script = house.call(lamp_runbook(step))
    assert (kinds(script), script.offers) == (["observed"], [])


def test_a_red_look_is_offered_again_and_counts(house: House) -> None:
    step = lamp_step(house.lamps, "hall", action=None, undo=None, look_only=True)
    with pytest.raises(NeedsAPerson):
        house.call(lamp_runbook(step), AGAIN, STOP)
    assert house.record("run-stopped")[-1]["exit"] == 3


def test_by_hand_is_checked_after_the_person_says_so(house: House) -> None:
    class Hands(Script):
        def decide(self, offer: Offer) -> Decision:
            decision = super().decide(offer)
            if decision is CHECK:
                house.lamps.on.add("hall")
            return decision

    script = Hands([HAND, CHECK])

    house.runner(lamp_runbook(lamp_step(house.lamps, "hall")), script).walk(Bounds())
    assert kinds(script) == ["witnessed"]


def test_a_check_that_stays_red_after_the_action_offers_again(house: House) -> None:
    other = IsOn(lamps=house.lamps, name="cellar")
    step = lamp_step(house.lamps, "hall", checks=(IsOn(lamps=house.lamps, name="hall"), other))
    with pytest.raises(NeedsAPerson):
        house.call(lamp_runbook(step), DO, STOP)
    assert "run-finished" not in house.events()


def test_a_finding_stops_nothing(house: House) -> None:
    weak = IsOn(lamps=house.lamps, name="porch", finding=True)
    step = lamp_step(house.lamps, "hall", checks=(IsOn(lamps=house.lamps, name="hall"), weak))
    script = house.call(lamp_runbook(step), DO)
    assert "lamp porch is on: failed" in script.found("after")
    assert kinds(script) == ["witnessed"]


def test_g_acts_in_all_following_steps_without_asking(house: House) -> None:
    runbook = lamp_runbook(*(lamp_step(house.lamps, name) for name in ("hall", "cellar", "porch")))
    script = house.call(runbook, GO_ON)
    assert (len(script.offers), house.lamps.on) == (1, {"hall", "cellar", "porch"})


def test_g_ends_at_a_check_that_does_not_pass(house: House) -> None:
    dark = IsOn(lamps=house.lamps, name="attic")
    steps = [lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar", checks=(dark,))]
    with pytest.raises(NeedsAPerson):
        house.call(lamp_runbook(*steps, lamp_step(house.lamps, "porch")), GO_ON, STOP)
    assert "porch" not in house.lamps.on


def test_looking_closer_decides_nothing(house: House) -> None:
    script = house.call(lamp_runbook(lamp_step(house.lamps, "hall")), LOOK, LOOK, DO)
    assert len(script.offers) == 3


def test_a_skip_needs_a_reason_and_the_run_ends_well_only_if_the_checks_pass(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(CheckFailed, match="hall was skipped"):
        house.call(runbook, SKIP, answers={"reason": "candles"})
    assert house.record("step-skipped") == [{"reason": "candles"}]
    house.lamps.on.add("hall")
    assert isinstance(house.call(runbook, resumed="yes").shown[-1], RunEnds)
    assert house.events()[-1] == "run-finished"


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


def test_an_action_cut_off_before_its_effect_is_offered_again(house: House) -> None:
    house.lamps.breaks_before = broken
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(Uncertain):
        house.call(runbook, DO)
    house.lamps.breaks_before = lambda _: None
    assert kinds(house.call(runbook, DO, resumed="yes")) == ["witnessed"]


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
        "hall step-reopened",
    ]


def test_undo_reopens_later_steps_only_if_they_no_longer_hold(house: House) -> None:
    needs_hall = lamp_step(house.lamps, "cellar", checks=(IsOn(lamps=house.lamps, name="hall"),))
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), needs_hall, lamp_step(house.lamps, "porch"))
    house.call(runbook, DO, ACCEPT, DO)
    house.runner(runbook, Script([])).undo("hall")
    assert [e for e in house.events() if "reopened" in e] == ["hall step-reopened", "cellar step-reopened"]


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


def test_until_ends_after_that_step(house: House) -> None:
    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), lamp_step(house.lamps, "cellar"))
    house.call(runbook, DO, until="hall")
    assert house.lamps.on == {"hall"}


def test_an_irreversible_action_needs_the_last_four_characters(house: House) -> None:
    final = lamp_step(house.lamps, "cellar")
    assert isinstance(final.action, TurnOn)
    final = replace(final, action=replace(final.action, final=True))
    asked: list[Question] = []

    class Careful(Script):
        def ask(self, question: Question) -> str:
            asked.append(question)
            return "0042"

    runbook = lamp_runbook(lamp_step(house.lamps, "hall"), final)
    house.runner(runbook, Careful([GO_ON])).walk(Bounds())
    assert [q.form for q in asked] == ["0042"]


def test_a_secret_answer_is_stored_before_it_is_recorded_and_never_written_down(house: House) -> None:
    place = SecretRef("drawer", "key")
    ask = Question(id="key", prompt="The key", keep_as=place)
    step = lamp_step(house.lamps, "hall", asks=(ask,))
    house.lamps.on.add("hall")
    house.call(lamp_runbook(step), HAND, answers={"key": "zak_" + "ab" * 16})
    assert house.drawer.kept[place] == "zak_" + "ab" * 16
    assert "abab" not in house.path.read_text()
    assert house.record("answer-given") == [{"question": "key", "kept": "drawer/key"}]


def test_a_secret_that_a_check_then_refuses_is_kept_no_longer(house: House) -> None:
    place = SecretRef("drawer", "key")
    step = lamp_step(house.lamps, "hall", asks=(Question(id="key", prompt="The key", keep_as=place),))
    with pytest.raises(NeedsAPerson):
        house.call(lamp_runbook(step), HAND, STOP, answers={"key": "zak_" + "ab" * 16})
    assert house.drawer.kept[place] == ""
    assert house.record("answer-withdrawn") == [{"question": "key", "kept": "drawer/key"}]


def test_a_step_without_any_check_is_claimed(house: House) -> None:
    step = lamp_step(house.lamps, "hall", checks=(), asks=(Question(id="seen", prompt="Seen?", claim=True),))
    assert kinds(house.call(lamp_runbook(step), DO, answers={"seen": "yes"})) == ["claimed"]


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
