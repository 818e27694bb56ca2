"""The walk: decisions, kinds of evidence, what is recorded and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.lamps import House, IsOn, Script, TurnOn, lamp_runbook, lamp_step
from tests.runner.decisions import ACCEPT, AGAIN, CHECK, DO, GO_ON, HAND, LOOK, SKIP, STOP, kinds
from zotops.errors import CheckFailed, NeedsAPerson
from zotops.model import Question, Step
from zotops.operator import Decision, Offer, RunEnds
from zotops.runner import Bounds
from zotops.world import SecretRef

DRAWER, KEY = SecretRef("drawer", "key"), "zak_" + "ab" * 16


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
    tried = IsOn(lamps=house.lamps, name="hall", tries=DRAWER)
    with pytest.raises(NeedsAPerson):
        house.call(lamp_runbook(pasted(house, tried)), HAND, STOP, answers={"key": KEY})
    assert house.drawer.kept[DRAWER] == ""
    assert house.record("answer-withdrawn") == [{"question": "key", "kept": "drawer/key"}]


def test_a_red_check_that_has_not_tried_a_secret_leaves_it_where_it_is(house: House) -> None:
    with pytest.raises(NeedsAPerson):
        house.call(lamp_runbook(pasted(house, IsOn(lamps=house.lamps, name="hall"))), HAND, STOP, answers={"key": KEY})
    assert house.drawer.kept[DRAWER] == KEY
    assert house.record("answer-withdrawn") == []


def test_a_mere_finding_refuses_no_secret(house: House) -> None:
    finding = IsOn(lamps=house.lamps, name="hall", finding=True, tries=DRAWER)
    assert kinds(house.call(lamp_runbook(pasted(house, finding)), HAND, answers={"key": KEY})) == ["claimed"]
    assert house.drawer.kept[DRAWER] == KEY


def pasted(house: House, check: IsOn) -> Step:
    """A step in which a key is pasted, with that check."""
    return lamp_step(house.lamps, "hall", checks=(check,), asks=(Question(id="key", prompt="The key", keep_as=DRAWER),))


def test_a_step_without_any_check_is_claimed(house: House) -> None:
    step = lamp_step(house.lamps, "hall", checks=(), asks=(Question(id="seen", prompt="Seen?", claim=True),))
    assert kinds(house.call(lamp_runbook(step), DO, answers={"seen": "yes"})) == ["claimed"]
