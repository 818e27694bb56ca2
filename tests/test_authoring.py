"""Every mistake that a runbook's author can make is said."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.lamps import IsOn, Lamps, lamp_runbook, lamp_step
from zotops.authoring import problems
from zotops.model import Box, Question, Step


@pytest.fixture
def hall() -> Step:
    return lamp_step(Lamps(), "hall")


def test_a_runbook_without_mistakes_has_no_problems(hall: Step) -> None:
    assert problems(lamp_runbook(hall)) == []


def on(name: str = "hall", until: str = "") -> IsOn:
    return IsOn(lamps=Lamps(), name=name, until=until)


QUESTION = Question(id="sure", prompt="Is it light?", claim=True)
MISTAKES: dict[str, tuple[Callable[[Step], Step], str]] = {
    "no title": (lambda step: replace(step, title=" "), "step 'hall': title is empty"),
    "no why": (lambda step: replace(step, why=""), "step 'hall': why is empty"),
    "no instructions": (lambda step: replace(step, instructions="\n  "), "step 'hall': instructions is empty"),
    "no word on stopping": (lambda step: replace(step, safe_to_stop=""), "step 'hall': safe_to_stop is empty"),
    "nothing shows it": (
        lambda step: replace(step, checks=()),
        "step 'hall': nothing can show it done: it has neither a check nor a question",
    ),
    "looks, but acts": (
        lambda step: replace(step, look_only=True),
        "step 'hall': a step that only looks has no action, no question and no undo",
    ),
    "looks, but asks": (
        lambda step: replace(step, look_only=True, action=None, undo=None, asks=(QUESTION,)),
        "step 'hall': a step that only looks has no action, no question and no undo",
    ),
    "an undo that nobody finds": (
        lambda step: replace(step, back="it can be undone"),
        "step 'hall': it has an undo, and `back` does not say how to call that",
    ),
    "one sentence twice": (
        lambda step: replace(step, checks=(on(), on())),
        "step 'hall': two checks say 'lamp hall is on'",
    ),
    "unknown until itself": (
        lambda step: replace(step, checks=(on(until="hall"),)),
        "step 'hall': check 'lamp hall is on' may be unknown until 'hall', which is no later step",
    ),
    "unknown until nowhere": (
        lambda step: replace(step, checks=(on(until="attic"),)),
        "step 'hall': check 'lamp hall is on' may be unknown until 'attic', which is no later step",
    ),
}


@pytest.mark.parametrize(("mistaken", "said"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_of_a_step_is_said(hall: Step, mistaken: Callable[[Step], Step], said: str) -> None:
    assert problems(lamp_runbook(mistaken(hall))) == [said]


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
