"""The nouns: how names print, what evidence keeps, and a runbook's steps."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.lamps import Lamps, lamp_runbook, lamp_step
from zotops.model import Attempt, Fact, Login, Question, Step, Verdict, judged, not_yet, unknown
from zotops.world import SecretRef


@pytest.fixture
def hall() -> Step:
    return lamp_step(Lamps(), "hall")


def test_names_print_as_people_say_them() -> None:
    assert str(Fact("old-key-id")) == "<old-key-id>"
    assert str(SecretRef("item", "field")) == "item/field"
    assert str(Login("zot-ci", SecretRef("item", "field"))) == "zot-ci"
    assert Attempt(run="7f3a", number=2).label == "zotops/7f3a/2"


def test_an_answer_becomes_the_fact_that_is_named_as_the_question() -> None:
    assert Question(id="colour", prompt="Which?").fact == Fact("colour")


def test_cause_and_remedy_are_kept_for_a_failure_only() -> None:
    good, bad = (judged(ok, expected="e", observed="o", likely="l", remedy="r") for ok in (True, False))
    assert (good.verdict, good.likely, good.remedy) == (Verdict.PASSED, "", "")
    assert (bad.verdict, bad.likely, bad.remedy) == (Verdict.FAILED, "l", "r")


def test_what_could_not_be_made_is_unknown_and_what_needs_an_absent_fact_is_red() -> None:
    assert unknown(expected="e", observed="o").verdict is Verdict.UNKNOWN
    evidence = not_yet("e", Fact("key-id"))
    assert evidence.verdict is Verdict.FAILED
    assert evidence.observed == "not yet: <key-id> is not known"


def test_evidence_is_made_without_time_which_the_walk_adds() -> None:
    evidence = judged(True, expected="e", observed="o")
    assert replace(evidence, at=datetime.now(UTC)).at is not None
    assert evidence.at is None


def test_instructions_lose_the_indentation_of_the_source() -> None:
    step = lamp_step(Lamps(), "hall", instructions="\n    1. One\n       more\n    2. Two\n    ")
    assert step.by_hand == "1. One\n   more\n2. Two"


def test_a_step_is_found_by_its_id(hall: Step) -> None:
    assert lamp_runbook(hall).step("hall") is hall
    with pytest.raises(KeyError):
        lamp_runbook(hall).step("cellar")
