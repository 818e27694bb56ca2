from collections.abc import Callable
from typing import Any

import pytest

from tests.checks.conftest import IMAGE, IS_REGISTRY, REFUSED, Here
from zotops.checks.reachable import REGISTRY_STATE, CurrentState, RegistryIsReachable
from zotops.model import Verdict

Answers = Callable[..., Here]
WRITE = f"nobody PUT {IMAGE}/manifests/unused"
KEYS, CATALOG = "GET /zot/auth/apikey", "nobody GET /v2/_catalog"
LOGIN = "GET /zot/auth/login?provider=zotops-has-no-such-provider"


@pytest.mark.parametrize("check", [RegistryIsReachable, CurrentState])
def test_a_registry_that_does_not_answer_is_unknown(check: type, nowhere: Here) -> None:
    assert nowhere.look(check(profile=nowhere.profile)).verdict is Verdict.UNKNOWN


def test_a_registry_is_reachable_also_when_it_lets_nobody_in(answers: Answers) -> None:
    for answer in (200, 401):
        here = answers({"nobody GET /v2/": (answer, b"", {"WWW-Authenticate": "Basic"})})
        assert here.look(RegistryIsReachable(profile=here.profile)).verdict is Verdict.PASSED


def test_a_registry_that_asks_nobody_to_sign_in_is_told_by_its_version(answers: Answers) -> None:
    here = answers()
    evidence = here.look(RegistryIsReachable(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, "200")


@pytest.mark.parametrize(
    ("answer", "observed"),
    [
        ((200, b"<html>welcome</html>"), "200, without a registry's headers"),
        (404, "404, without a registry's headers"),
        (500, "500, without a registry's headers"),
        ((404, b"", IS_REGISTRY), "404"),
    ],
)
def test_another_server_is_no_registry(answer: Any, observed: str, answers: Answers) -> None:
    here = answers({"nobody GET /v2/": answer})
    evidence = here.look(RegistryIsReachable(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, observed)
    assert evidence.likely == "the address leads to something else"


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({WRITE: 415, KEYS: 404, LOGIN: 404}, "open", "anybody may do anything"),
        ({}, "hardened", "write 401, read 200, key API 500, sign-in 400"),
        ({CATALOG: REFUSED}, "half", "nobody may pull without signing in"),
        ({WRITE: 415}, "half", "anybody may write"),
        ({KEYS: 404}, "half", "there is no key API"),
        ({LOGIN: 404}, "half", "there is no sign-in"),
        ({WRITE: 415, KEYS: 404}, "half", "anybody may write, there is no key API"),
        ({WRITE: 415, LOGIN: 404}, "half", "anybody may write, there is no sign-in"),
        ({KEYS: 404, LOGIN: 404}, "half", "there is no key API, there is no sign-in"),
    ],
)
def test_the_state_is_told_whatever_it_is(changes: dict[str, Any], state: str, words: str, answers: Answers) -> None:
    here = answers(changes)
    evidence = here.look(CurrentState(profile=here.profile))
    assert evidence.verdict is Verdict.PASSED
    assert evidence.facts == {REGISTRY_STATE: state}
    assert words in evidence.observed


def test_answers_that_are_no_registrys_tell_no_state(answers: Answers) -> None:
    here = answers({WRITE: 403})
    evidence = here.look(CurrentState(profile=here.profile))
    assert evidence.verdict is Verdict.FAILED
    assert "write 403" in evidence.observed
    assert here.profile.server.local_url in evidence.remedy
