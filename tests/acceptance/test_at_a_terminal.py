"""`invoke deploy` in a real terminal, walked by zotops and by hand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk, changed
from tests.acceptance.finished import Finished, secrets_of
from tests.acceptance.outcome import outcome
from tests.acceptance.person import Person, at_a_terminal, too_wide
from zotops.lab.first_key import Browser
from zotops.secret_forms import forms_of

STOPPED, INTERRUPTED = 3, 130
UNDERSTOOD, REFUSED = 415, 401


@pytest.fixture
def untouched(looked_at: Desk, tmp_path: Path) -> Iterator[Desk]:
    """Return a desk of its own before the open world, and see that the world is as before when the test ends."""
    before = looked_at.seen()
    yield replace(looked_at, folder=tmp_path)
    assert changed(before, looked_at.seen()) == []


def shows_no_secret(desk: Desk, person: Person) -> None:
    secrets = secrets_of(desk)
    assert any(value.startswith("zak_") for _, value in secrets)
    screen = person.screen.getvalue() + person.text
    shown = [kind for user, value in secrets for form, kind in forms_of(value, user).items() if form in screen]
    assert shown == []


def anonymous_push(desk: Desk) -> int:
    """What the registry says to a push of nobody that leaves nothing behind."""
    url = f"{desk.ready['registry']}/v2/practice/zotops-scratch/manifests/unused"
    return Browser().ask(url, method="PUT", body="{}", headers={"Content-Type": "text/plain"})[0]


# -- the whole way -----------------------------------------------------------------------------------------------------


def test_zotops_acts_to_the_end_and_the_deployment_is_undone(desk: Desk, finished: Finished) -> None:
    vault, before = desk.state.read("vault"), desk.seen()
    with at_a_terminal(desk) as person:
        first = person.prompt()
        assert (first.step, first.keys) == ("deploy-blueprint", ("d", "g", "h", "l", "s", "q"))
        second = person.types("d")
        assert (second.step, second.keys) == ("let-ci-sign-in", ("f", "h", "l", "s", "q"))
        third = person.types("f")
        assert third.step == "deploy-zot"
        assert person.ends("g") == 0
        assert "Done. 2 observed, 7 witnessed, 1 found done." in person.text
        shows_no_secret(desk, person)
        assert too_wide(person.text) == []
    assert outcome(desk, vault) == finished.told["outcome"]
    assert anonymous_push(desk) == REFUSED
    with at_a_terminal(desk, "--undo", "deploy-zot") as person:
        assert person.leaves() == 0
        assert "an anonymous push would be taken" in person.text
        assert "Deploy-zot is undone" in person.text
    assert anonymous_push(desk) == UNDERSTOOD
    assert desk.seen()["config.json"] == before["config.json"]
    assert "deploy-zot step-reopened" in desk.events()


# -- one prompt --------------------------------------------------------------------------------------------------------


def test_enter_alone_and_wrong_keys_decide_nothing_and_looking_closer_neither(untouched: Desk) -> None:
    with at_a_terminal(untouched) as person:
        person.prompt()
        for _ in range(3):
            assert person.types("").shown.strip() in (">", "> \n>", ">\n>", ">\n\n>")
        assert "'x' is none of them: d, g, h, l, s, q" in person.types("x").shown
        assert "'yes' is none of them" in person.types("yes").shown
        closer = person.types("l")
        assert "look with argocd app get authentik" in re.sub(r"\s+", " ", closer.shown)
        assert closer.step == "deploy-blueprint"
        assert person.ends("q") == STOPPED
        assert too_wide(person.text) == []
    assert [event for event in untouched.events() if "decided" in event] == ["deploy-blueprint decided"] * 2
    assert [r["data"]["decision"] for r in untouched.records() if r["event"] == "decided"] == ["look", "stop"]


@pytest.mark.parametrize(
    ("leave", "code"),
    [(Person.interrupts, INTERRUPTED), (Person.hangs_up, STOPPED), (lambda person: person.ends("q"), STOPPED)],
    ids=["Ctrl-C", "Ctrl-D", "q"],
)
def test_a_person_who_leaves_a_decision_comes_back_to_it(untouched: Desk, leave: object, code: int) -> None:
    assert callable(leave)
    with at_a_terminal(untouched) as person:
        person.prompt()
        assert leave(person) == code
        assert "Stopped in deploy-blueprint." in person.text
        assert "Go on: invoke deploy" in person.text
    with at_a_terminal(untouched) as person:
        prompt = person.prompt()
        assert "Yours, from " in prompt.shown
        assert "1 of 10 done: 1 observed." in prompt.shown
        assert prompt.step == "deploy-blueprint"
        assert person.ends("q") == STOPPED
    assert len(untouched.journals()) == 1


def test_a_step_is_skipped_only_with_a_reason(untouched: Desk) -> None:
    with at_a_terminal(untouched) as person:
        person.prompt()
        for blank in ("s", "", "   "):
            assert person.types(blank).question == "Why is deploy-blueprint skipped?:"
        assert person.types("the blueprint is somebody else's").step == "let-ci-sign-in"
        assert person.ends("q") == STOPPED
    (skipped,) = (r for r in untouched.records() if r["event"] == "step-skipped")
    assert skipped["data"] == {"reason": "the blueprint is somebody else's"}


def test_ctrl_c_during_an_action_is_resumable_and_what_happened_is_found_out(desk: Desk) -> None:
    with desk.state.edit("quirks") as quirks:
        quirks["argocd"] = {"stuck_progressing": True}
    with at_a_terminal(desk) as person:
        person.prompt()
        person.child.send("d\r")
        person.child.expect_exact("succeeded, commit")
        assert person.interrupts() == INTERRUPTED
        assert "Stopped in deploy-blueprint." in person.text
    assert desk.events()[-2:] == ["deploy-blueprint action-intended", "run-stopped"]
    with desk.state.edit("quirks") as quirks:
        quirks.clear()
    with at_a_terminal(desk) as person:
        prompt = person.prompt()
        assert "deploy-blueprint: uncertain." in prompt.shown
        assert "deploy-blueprint: it happened" in prompt.shown
        assert (prompt.step, desk.kinds()["deploy-blueprint"]) == ("let-ci-sign-in", "witnessed")
        assert person.ends("q") == STOPPED
    assert len([call for call in desk.calls("argocd") if call["argv"][:2] == ["app", "sync"]]) == 1
