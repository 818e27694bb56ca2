from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import Here
from tests.systems.outside import Safe, Table, profile_of, tabled, world_of
from zotops.checks.sessions import NoSessionLeft
from zotops.model import Verdict

USERS = "GET /api/v3/core/users/?username=zot-ci&page=1&page_size=100"
SESSIONS = "GET /api/v3/core/authenticated_sessions/?user__username=zot-ci&page=1&page_size=100"
TOKENS = "GET /api/v3/core/tokens/?user__username=zot-ci&intent=recovery"
ME = "GET /api/v3/core/users/me/"
CI = {"pk": 7, "username": "zot-ci", "type": "service_account"}
OPERATOR = {"pk": 4, "username": "akadmin", "is_superuser": True}
STAFF = {**OPERATOR, "is_superuser": False}


def page(*results: Any) -> tuple[int, Any]:
    return 200, {"pagination": {"next": 0}, "results": list(results)}


def tokens(*results: Any) -> Table:
    return {TOKENS: page(*results), f"{TOKENS}&page=1&page_size=100": page(*results)}


SESSION = {"uuid": "1", "user": 7}
CLEAN: Table = {ME: (200, {"user": OPERATOR}), USERS: page(CI), SESSIONS: page(), **tokens()}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:

        def answering(changes: Table | None = None) -> Here:
            server = stack.enter_context(tabled({**CLEAN, **(changes or {})}))
            profile = profile_of(tmp_path, registry=server.url, provider=server.url)
            safe = Safe({profile.provider_token: "token"})
            return Here(server=server, profile=profile, safe=safe, world=world_of(profile, safe))

        yield answering


@pytest.mark.parametrize(
    ("changes", "verdict", "observed"),
    [
        ({}, Verdict.PASSED, "0 sessions, 0 recovery keys; it answers as akadmin"),
        ({TOKENS: 405}, Verdict.PASSED, "0 sessions, recovery keys are not listed by this server"),
        ({USERS: page()}, Verdict.PASSED, "0 sessions, 0 recovery keys; it answers as akadmin"),
        ({SESSIONS: page(SESSION)}, Verdict.FAILED, "1 session"),
        ({SESSIONS: page(SESSION, SESSION)}, Verdict.FAILED, "2 sessions"),
        (tokens({"identifier": "x", "intent": "recovery", "user": 7}), Verdict.FAILED, "1 recovery key"),
        ({ME: (200, {"user": CI})}, Verdict.FAILED, "the API token acts as zot-ci"),
        ({ME: (200, {"user": STAFF})}, Verdict.UNKNOWN, "no superuser"),
        (
            {ME: (200, {"user": STAFF}), SESSIONS: page(SESSION)},
            Verdict.FAILED,
            "1 session",
        ),
        ({ME: (200, {"user": OPERATOR, "original": OPERATOR})}, Verdict.FAILED, "the API token acts as akadmin"),
        ({ME: (403, {"detail": "Token invalid/expired"})}, Verdict.UNKNOWN, "refuses the API token"),
        ({SESSIONS: 503}, Verdict.UNKNOWN, "answered 503"),
        ({SESSIONS: (200, b"<html>")}, Verdict.UNKNOWN, "not JSON"),
        ({SESSIONS: page({"strange": True})}, Verdict.UNKNOWN, "in a form that is not known"),
    ],
)
def test_what_a_sign_in_left_is_seen(changes: Table, verdict: Verdict, observed: str, provider: Any) -> None:
    here = provider(changes)
    evidence = here.look(NoSessionLeft(profile=here.profile))
    assert evidence.verdict is verdict
    assert observed in evidence.observed


def test_a_filter_that_the_server_ignores_does_not_blame_the_ci_user(provider: Any) -> None:
    somebody_elses = {"uuid": "2", "user": 4}
    here = provider({SESSIONS: page(somebody_elses), **tokens({"identifier": "x", "intent": "api", "user": 4})})
    assert here.look(NoSessionLeft(profile=here.profile)).verdict is Verdict.PASSED


def test_a_provider_that_does_not_answer_is_unknown(nowhere: Here) -> None:
    assert nowhere.look(NoSessionLeft(profile=nowhere.profile)).verdict is Verdict.UNKNOWN
