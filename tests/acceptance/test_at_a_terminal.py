"""`invoke deploy` in a real terminal, walked by zotops and by hand."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk, changed
from tests.acceptance.finished import Finished, secrets_of
from tests.acceptance.outcome import outcome
from tests.acceptance.person import Person, Prompt, at_a_terminal, too_wide
from zotops.lab.first_key import Browser
from zotops.lab.hands import Hands
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
        announced, _, looked = person.text.partition("the vault is unlocked")
        assert "1Password may ask you to unlock it" in announced
        assert "may ask you to unlock" not in looked
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
    assert "deploy-zot undo-done" in desk.events()


def test_everything_is_done_by_hand_and_the_key_is_pasted_unseen(desk: Desk, finished: Finished) -> None:
    vault, hands = desk.state.read("vault"), Hands(desk.root)
    with at_a_terminal(desk) as person:
        prompt = person.prompt()
        while prompt.step != "verify" or "c" not in prompt.keys:
            prompt = person.types(by_hand(hands, prompt))
        hands.do("verify")
        assert person.ends("c") == 0, person.text[-3000:]
        assert "Received: 36 characters, form correct." in person.text
        shows_no_secret(desk, person)
    kinds = desk.kinds()
    assert kinds.pop("let-ci-sign-in") == "found done"
    assert kinds.pop("verify") == "witnessed"
    assert set(kinds.values()) == {"observed", "witnessed"}
    assert not any(event.endswith("action-intended") for event in desk.events())
    left, undisturbed = outcome(desk, vault), finished.told["outcome"]
    for part in ("forge has", "configuration", "people", "sessions of CI", "recovery keys", "application"):
        assert left[part] == undisturbed[part]


def by_hand(hands: Hands, prompt: Prompt) -> str:
    """What a person types who does everything with their own hands."""
    questions = {
        "The new key": "pasted-key",
        "Full id of the commit": "build-commit",
        "Did signing in": "signed-in-and-back",
        "Tag that you pushed": "scratch-tag",
        "Digest that the push": "scratch-digest",
        "Digest of docker.io": "pulled-through-docker.io",
        "LED`:": "services-of-registry",  # the end of a question of several lines
    }
    if prompt.question:
        return hands.answer(next(known for words, known in questions.items() if words in prompt.question))
    if "c" in prompt.keys:
        hands.do(prompt.step)
        return "c"
    assert "a" not in prompt.keys, f"a check is red: {prompt.shown}"
    return "f" if "f" in prompt.keys else "h"


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


def test_a_person_may_leave_at_every_kind_of_prompt_and_go_on_there(untouched: Desk) -> None:
    with at_a_terminal(untouched) as person:  # a reason
        person.prompt()
        person.types("s")
        assert person.interrupts() == INTERRUPTED
    with at_a_terminal(untouched) as person:  # the check after the work of one's hands
        person.prompt()
        waits = person.types("h")
        assert "argocd app sync authentik" in waits.shown
        assert waits.keys == ("c", "l", "q")
        assert person.ends("q") == STOPPED
    with at_a_terminal(untouched) as person:  # a red check that counts, then a hidden question
        red = person.prompt()
        assert red.keys[:1] == ("a",), red
        skip_to(person, red, "create-ci-key")
        hidden = person.types("h")
        assert hidden.question.startswith("The new key (hidden")
        again = person.types("zak_tooshort")
        assert "Not of the expected form (12 characters); nothing was stored" in again.shown
        assert person.interrupts() == INTERRUPTED
        assert "zak_tooshort" not in person.screen.getvalue()
    with at_a_terminal(untouched) as person:  # an open question
        skip_to(person, person.prompt(), "test-build")
        question = person.types("h")
        assert question.question.startswith("Full id of the commit that you built")
        assert "'main'" in person.types("main").shown
        assert person.hangs_up() == STOPPED
    with at_a_terminal(untouched) as person:  # the end of a run whose skipped steps do not hold
        skip_to(person, person.prompt(), "verify")
        person.types("s")
        assert person.ends("for this test") == 1
        assert "was skipped and its checks do not all pass" in person.text
    assert "zak_tooshort" not in json.dumps(untouched.records())
    assert len([r for r in untouched.records() if r["event"] == "run-resumed"]) == 4


def skip_to(person: Person, prompt: Prompt, step: str) -> None:
    """Skip what lies before a step, each with a reason; accept what is found done."""
    while prompt.step != step:
        prompt = person.types("f" if "f" in prompt.keys else "for this test" if prompt.question else "s")


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
