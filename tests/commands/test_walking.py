"""How a changed definition is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.lamps import Lamps, TurnOff, lamp_runbook, lamp_step
from zotops.commands.walking import changes
from zotops.model import Runbook
from zotops.pages import step_texts
from zotops.profile import Profile
from zotops.profile_file import read_profile
from zotops.runs import definition

PROFILE = read_profile(Path(__file__).parents[2] / "docs" / "example.toml")


def held(book: Runbook, profile: Profile = PROFILE) -> Any:
    """A definition as it comes back out of a journal."""
    return json.loads(json.dumps(definition(profile, step_texts(book), book)))


@pytest.fixture
def book() -> Runbook:
    return lamp_runbook(lamp_step(Lamps(), "hall"), lamp_step(Lamps(), "attic"))


def changed(book: Runbook, **fields: Any) -> Runbook:
    return replace(book, steps=(replace(book.steps[0], **fields), *book.steps[1:]))


def test_nothing_changed_is_nothing_said(book: Runbook) -> None:
    assert changes(held(book), held(book)) == ""


def test_a_changed_text_is_shown_line_by_line_with_its_step(book: Runbook) -> None:
    told = changes(held(book), held(changed(book, why="It is night.")))
    assert "--- step hall then\n+++ step hall now" in told
    assert "-**Why.** It is dark.\n+**Why.** It is night." in told
    assert "attic" not in told


def test_a_change_that_the_text_does_not_show_is_said_all_the_same(book: Runbook) -> None:
    lamps = Lamps()
    told = changes(held(book), held(changed(book, undo=TurnOff(lamps=lamps, name="cellar"))))
    assert told == "step hall: a check or the action changed"


def test_new_and_missing_steps_are_shown(book: Runbook) -> None:
    shorter = replace(book, steps=book.steps[:1])
    assert "step attic now" in changes(held(shorter), held(book))
    gone = changes(held(book), held(shorter))
    assert "-## Switch attic on" in gone


def test_steps_in_another_order_are_a_change(book: Runbook) -> None:
    turned = replace(book, steps=book.steps[::-1])
    assert "step 1 of 2" in changes(held(book), held(turned))


def test_a_changed_profile_is_shown_by_its_key(book: Runbook) -> None:
    other = msgspec.structs.replace(PROFILE, forge=msgspec.structs.replace(PROFILE.forge, branch="next"))
    told = changes(held(book), held(book, other))
    assert "--- profile then\n+++ profile now" in told
    assert '-  "branch": "main",\n+  "branch": "next",' in told


def test_text_of_a_server_is_no_part_of_a_definition(book: Runbook) -> None:
    assert set(held(book)) == {"profile_content", "steps"}
