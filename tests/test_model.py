"""The nouns: secrets that do not show, headers in any case, and every mistake that a runbook's author can make."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.lamps import IsOn, Lamps, lamp_runbook, lamp_step
from zotops.errors import Unreachable
from zotops.model import (
    Attempt,
    Box,
    Fact,
    Headers,
    Login,
    Question,
    Reply,
    Secret,
    SecretRef,
    Step,
    Verdict,
    judged,
    not_yet,
    problems,
    unknown,
)

HIDDEN = "zak_0123456789abcdef0123456789abcdef"


@pytest.fixture
def hall() -> Step:
    return lamp_step(Lamps(), "hall")


@pytest.mark.parametrize("shown", [repr, str, format, "{!r:>3}".format, lambda s: f"{[s]} {s!s}"])
def test_a_secret_does_not_show_itself(shown: object) -> None:
    assert callable(shown)
    assert "0123" not in shown(Secret(HIDDEN))


def test_a_secret_is_neither_pickled_nor_serialised_nor_hashed() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Secret(HIDDEN))
    with pytest.raises(TypeError):
        json.dumps(Secret(HIDDEN))
    with pytest.raises(TypeError):
        hash(Secret(HIDDEN))


def test_a_secret_has_no_dictionary_that_a_debugger_or_a_logger_would_print() -> None:
    assert not hasattr(Secret(HIDDEN), "__dict__")


def test_only_reveal_gives_a_secret_out() -> None:
    assert Secret(HIDDEN).reveal() == HIDDEN


def test_secrets_are_compared_by_value_and_only_with_secrets() -> None:
    assert Secret("ä") == Secret("ä")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret(" ")


def test_names_print_as_people_say_them() -> None:
    assert str(Fact("old-key-id")) == "<old-key-id>"
    assert str(SecretRef("item", "field")) == "item/field"
    assert str(Login("zot-ci", SecretRef("item", "field"))) == "zot-ci"
    assert Attempt(run="7f3a", number=2).label == "zotops/7f3a/2"


def test_an_answer_becomes_the_fact_that_is_named_as_the_question() -> None:
    assert Question(id="colour", prompt="Which?").fact == Fact("colour")


def test_headers_are_found_in_any_case_and_the_first_of_repeated_ones_counts() -> None:
    headers = Headers([("Set-Cookie", "a=1"), ("X-One", "1"), ("set-cookie", "b=2")])
    assert headers["SET-COOKIE"] == "a=1"
    assert headers.all("Set-Cookie") == ("a=1", "b=2")
    assert list(headers) == ["set-cookie", "x-one"]
    assert len(headers) == 2
    assert headers.get("absent") is None


def test_a_body_that_is_no_text_is_text_all_the_same() -> None:
    assert Reply(method="GET", url="u", status=200, body=b"a\xffb").text == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff\xfe"])
def test_an_answer_that_is_no_json_cannot_be_judged(body: bytes) -> None:
    with pytest.raises(Unreachable, match="GET http://x/ answered 502 with something that is not JSON"):
        Reply(method="GET", url="http://x/", status=502, body=body).json()


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


def test_a_runbook_without_mistakes_has_no_problems(hall: Step) -> None:
    assert problems(lamp_runbook(hall)) == []


def test_a_step_is_found_by_its_id(hall: Step) -> None:
    assert lamp_runbook(hall).step("hall") is hall
    with pytest.raises(KeyError):
        lamp_runbook(hall).step("cellar")


def on(name: str = "hall", until: str = "") -> IsOn:
    return IsOn(lamps=Lamps(), name=name, until=until)


QUESTION = Question(id="sure", prompt="Is it light?", claim=True)
MISTAKES: dict[str, tuple[dict[str, object], str]] = {
    "no title": ({"title": " "}, "step 'hall': title is empty"),
    "no why": ({"why": ""}, "step 'hall': why is empty"),
    "no instructions": ({"instructions": "\n  "}, "step 'hall': instructions is empty"),
    "no word on stopping": ({"safe_to_stop": ""}, "step 'hall': safe_to_stop is empty"),
    "nothing shows it": (
        {"checks": ()},
        "step 'hall': nothing can show it done: it has neither a check nor a question",
    ),
    "looks, but acts": (
        {"look_only": True},
        "step 'hall': a step that only looks has no action, no question and no undo",
    ),
    "looks, but asks": (
        {"look_only": True, "action": None, "undo": None, "asks": (QUESTION,)},
        "step 'hall': a step that only looks has no action, no question and no undo",
    ),
    "one sentence twice": ({"checks": (on(), on())}, "step 'hall': two checks say 'lamp hall is on'"),
    "unknown until itself": (
        {"checks": (on(until="hall"),)},
        "step 'hall': check 'lamp hall is on' may be unknown until 'hall', which is no later step",
    ),
    "unknown until nowhere": (
        {"checks": (on(until="attic"),)},
        "step 'hall': check 'lamp hall is on' may be unknown until 'attic', which is no later step",
    ),
}


@pytest.mark.parametrize(("changes", "said"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_of_a_step_is_said(hall: Step, changes: dict[str, object], said: str) -> None:
    assert problems(lamp_runbook(replace(hall, **changes))) == [said]  # type: ignore[arg-type]  # fields by name


def test_a_step_may_be_shown_by_a_question_alone(hall: Step) -> None:
    assert problems(lamp_runbook(replace(hall, checks=(), asks=(QUESTION,)))) == []


def test_a_check_may_stay_unknown_until_a_later_step(hall: Step) -> None:
    later = lamp_step(Lamps(), "cellar")
    assert problems(lamp_runbook(replace(hall, checks=(on(until="cellar"),)), later)) == []


def test_an_id_that_is_used_twice_is_said_once(hall: Step) -> None:
    assert problems(lamp_runbook(hall, hall, hall)) == ["step id 'hall' is used twice"]


def test_a_box_must_name_a_check_that_there_is(hall: Step) -> None:
    good = Box(known_as="list", text="light", shown_by=("lamp hall is on",))
    bad = Box(known_as="list", text="dark", shown_by=("lamp hall is off",))
    book = replace(lamp_runbook(hall), boxes=(good, bad))
    assert problems(book) == ["box 'dark' is shown by 'lamp hall is off', which no check says"]


def test_all_mistakes_are_said_at_once(hall: Step) -> None:
    worse = replace(hall, id="cellar", title="", why="", checks=())
    assert len(problems(lamp_runbook(hall, worse))) == 3
