"""What the options of a run mean, and which do not go together."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.lamps import Lamps, lamp_runbook, lamp_step
from zotops.commands.wanted import Wanted, parse_settled, refuse_what_does_not_fit
from zotops.errors import UsageIsWrong
from zotops.model import State
from zotops.runner import Bounds


def test_settled_words_name_a_step_and_what_a_person_found() -> None:
    assert parse_settled([]) == {}
    assert parse_settled(["a=happened", "b=did-not"]) == {"a": State.HAPPENED, "b": State.DID_NOT}


@pytest.mark.parametrize(
    "word", ["", "a", "a=", "a=yes", "a=cannot-tell", "=happened", "a=happened ", "a=b=happened", "a=HAPPENED"]
)
def test_any_other_word_is_refused_with_how_to_write_it(word: str) -> None:
    with pytest.raises(UsageIsWrong, match="write STEP=happened or STEP=did-not"):
        parse_settled([word])


def test_a_step_that_is_settled_twice_must_be_settled_alike() -> None:
    assert parse_settled(["a=happened", "a=happened"]) == {"a": State.HAPPENED}
    with pytest.raises(UsageIsWrong, match="a=did-not"):
        parse_settled(["a=happened", "a=did-not"])


BOOK = lamp_runbook(lamp_step(Lamps(), "hall"), lamp_step(Lamps(), "attic"))
SETTLED = {"hall": State.HAPPENED}
GIVEN: dict[str, dict[str, Any]] = {
    "--dry-run": {"dry_run": True},
    "--undo": {"undo": "hall"},
    "--new": {"new": "why"},
    "--settled": {"settled": SETTLED},
    "--step": {"bounds": Bounds(only="hall")},
    "--until": {"bounds": Bounds(until="hall")},
    "--accept-changes": {"accept_changes": True},
    "--take-over": {"take_over": "why"},
}
TOGETHER = (
    {"--undo", "--settled"},
    {"--settled", "--step"},
    {"--settled", "--until"},
    {"--new", "--step"},
    {"--new", "--until"},
)


@pytest.mark.parametrize("option", GIVEN)
def test_each_may_stand_alone(option: str) -> None:
    refuse_what_does_not_fit(Wanted(**GIVEN[option]), BOOK)


@pytest.mark.parametrize(("one", "other"), [pair for pair in permutations(GIVEN, 2) if pair[0] < pair[1]])
def test_of_two_that_do_not_go_together_none_is_left_out_silently(one: str, other: str) -> None:
    both = {**GIVEN[one], **GIVEN[other]}
    if {one, other} == {"--step", "--until"}:
        both["bounds"] = Bounds(only="hall", until="hall")
    if {one, other} in TOGETHER or {"--accept-changes", "--take-over"} & {one, other}:
        return refuse_what_does_not_fit(Wanted(**both), BOOK)
    with pytest.raises(UsageIsWrong, match=f"{one} with {other}|{other} with {one}"):
        refuse_what_does_not_fit(Wanted(**both), BOOK)
    return None


@pytest.mark.parametrize(
    "wanted",
    [
        {"undo": "cellar"},
        {"settled": {"cellar": State.DID_NOT}},
        {"bounds": Bounds(only="cellar")},
        {"bounds": Bounds(until="cellar")},
    ],
)
def test_a_step_that_is_not_there_is_said_with_those_that_are(wanted: dict[str, Any]) -> None:
    with pytest.raises(UsageIsWrong, match="there is no step 'cellar': steps are hall, attic"):
        refuse_what_does_not_fit(Wanted(**wanted), BOOK)
