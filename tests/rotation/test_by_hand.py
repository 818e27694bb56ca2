"""`invoke rotate-key` in a real terminal: every state by hand, and by zotops with two decisions."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk, started
from tests.acceptance.finished import secrets_of
from tests.acceptance.person import STEP, Person, Prompt, at_a_terminal
from tests.rotation.place import LONGEST
from tests.rotation.stores import Stores
from zotops.lab.hands import Hands
from zotops.secret_forms import forms_of

QUESTIONS = {"The new key": "pasted-key", "Full id of the commit": "build-commit", "The host's line": "recap"}
STOPPED = 3

pytestmark = [pytest.mark.timeout(3 * LONGEST), pytest.mark.costly("rotations")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A world with the stand-in, whatever zot there is: which keys live is read in its own files."""
    monkeypatch.delenv("ZOTOPS_ZOT", raising=False)
    with started(tmp_path / "desk", "--state", "hardened") as found:
        yield replace(found, procedure="rotate-key")


def by_hand(person: Person, hands: Hands, prompt: Prompt) -> str:
    """What a person types who does everything with their own hands."""
    if prompt.question:
        return hands.answer(next(known for words, known in QUESTIONS.items() if words in prompt.question))
    if "c" in prompt.keys:
        hands.known = above(person)
        hands.do(prompt.step)
        return "c"
    assert "a" not in prompt.keys, f"a check is red: {prompt.shown}"
    return "f" if "f" in prompt.keys else "h"


def above(person: Person) -> dict[str, str]:
    """What a person reads above the instructions of the step where the screen waits: names, and what is known."""
    of_step = person.text[[found.start() for found in STEP.finditer(person.text)][-1] :]
    return dict(re.findall(r"^  ((?:old-)?key-[a-z]+)\s+(\S+)\s*$", of_step, re.MULTILINE))


def shows_no_secret(secrets: list[tuple[str, str]], person: Person) -> None:
    screen = person.screen.getvalue() + person.text
    shown = [kind for user, value in secrets for form, kind in forms_of(value, user).items() if form in screen]
    assert shown == []


def test_every_state_is_done_by_hand_and_the_key_is_pasted_unseen(desk: Desk) -> None:
    hands, stores = Hands(desk.root), Stores(desk.root)
    old = stores.held()["current"]
    with at_a_terminal(desk) as person:
        prompt = person.prompt()
        while prompt.step != "arm" or "c" not in prompt.keys:
            prompt = person.types(by_hand(person, hands, prompt))
        assert person.ends(by_hand(person, hands, prompt)) == 0, person.text[-3000:]
        assert "Received: 36 characters, form correct." in person.text
        shows_no_secret([*secrets_of(desk), (stores.names["ci_user"], old)], person)
    assert not any(event.endswith("action-intended") for event in desk.events())
    held = stores.held()
    assert (held["pending"], held["previous"]) == ("", "")
    assert stores.works(held["current"])
    assert not stores.works(old)
    assert set(stores.consumers().values()) == {held["current"]}


def test_the_key_is_taken_from_the_clipboard_which_does_not_keep_it(desk: Desk, tmp_path: Path) -> None:
    board, bin_ = tmp_path / "board", tmp_path / "bin"
    bin_.mkdir()
    for name, text in (("pbpaste", f"cat {board}"), ("pbcopy", f"cat > {board}")):
        (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / name).chmod(0o700)
    hands = Hands(desk.root)
    at_desk = replace(desk, more={"PATH": f"{bin_}:{os.environ['PATH']}"})
    with at_a_terminal(at_desk) as person:
        person.prompt()
        assert person.types("h").question.startswith("The new key (hidden; c takes it from the clipboard):")
        board.write_text("something else")
        assert "Not of the expected form (14 characters)" in person.types("c").shown
        assert board.read_text() == "something else"
        key = hands.answer("pasted-key")
        board.write_text(f"{key}\n")
        after = person.types("c")
        assert after.step == "promote", after.shown
        assert "The clipboard does not hold it any more." in person.text
        assert board.read_text() == ""
        assert Stores(desk.root).held()["pending"] == key
        shows_no_secret([*secrets_of(desk), (Stores(desk.root).names["ci_user"], key)], person)
        assert person.ends("q") == STOPPED


def test_by_zotops_it_takes_two_decisions(desk: Desk) -> None:
    stores = Stores(desk.root)
    old = stores.held()["current"]
    with at_a_terminal(desk) as person:
        first = person.prompt()
        assert first.step == "create"
        second = person.types("g")
        assert second.step == "revoke"
        assert "This cannot be undone." in " ".join(second.shown.split())
        refused = person.types("0000x")
        assert refused.step == "revoke"
        assert stores.works(old)
        assert person.ends(above(person)["old-key-id"][-4:]) == 0, person.text[-3000:]
        assert "Done. 4 observed" in person.text
        shows_no_secret([*secrets_of(desk), (stores.names["ci_user"], old)], person)
    assert not stores.works(old)
