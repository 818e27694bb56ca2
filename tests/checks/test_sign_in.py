from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.checks.conftest import HARDENED, Here
from tests.systems.outside import Safe, Table, profile_of, tabled, world_of
from zotops.checks.sign_in import SignInRedirects
from zotops.model import Evidence, Verdict
from zotops.profile import Profile

LOGIN = "GET /zot/auth/login?provider=oidc"
ENDPOINT = "/application/o/authorize/"


def query(profile: Profile, **changes: str) -> str:
    known = {
        "client_id": "zot",
        "redirect_uri": profile.redirect_uri,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "1234",
    }
    return urlencode(known | changes)


@pytest.fixture
def looked(tmp_path: Path) -> Callable[..., Evidence]:
    """Look at a registry and a provider; `query` changes what the registry sends, `page` what the provider shows."""

    def looking(*, page: Table | None = None, login: Any = None, **changes: str) -> Evidence:
        with tabled(HARDENED) as registry, tabled({}) as provider:
            profile = profile_of(tmp_path, registry=registry.url, provider=provider.url)
            away = f"{ENDPOINT}?{query(profile, **changes)}"
            registry.table[LOGIN] = login or (302, b"", {"Location": f"{provider.url}{away}"})
            provider.table[f"GET {away}"] = (302, b"", {"Location": "/if/flow/login/?next=x"})
            provider.table["GET /if/flow/login/?next=x"] = (200, b"<html>")
            provider.table |= {line.replace("AWAY", away): answer for line, answer in (page or {}).items()}
            here = Here(server=registry, profile=profile, safe=Safe(), world=world_of(profile, Safe()))
            return here.look(SignInRedirects(profile=profile))

    return looking


def test_the_way_to_the_login_page_passes_and_shows_no_state(looked: Callable[..., Evidence]) -> None:
    evidence = looked()
    assert evidence.verdict is Verdict.PASSED
    assert "1234" not in repr(evidence)


@pytest.mark.parametrize(
    ("given", "observed"),
    [
        ({"login": 404}, "404, no redirect"),
        ({"login": 500}, "500, no redirect"),
        ({"client_id": "other"}, "client_id is 'other', not 'zot'"),
        ({"scope": "openid"}, "scope is 'openid', not 'email openid profile'"),
        ({"redirect_uri": "http://elsewhere/"}, "redirect_uri is 'http://elsewhere/'"),
        ({"page": {"GET AWAY": (400, b"redirect_uri mismatch")}}, "the provider answers 400"),
        ({"page": {"GET AWAY": (302, b"", {"Location": "/elsewhere"})}}, "no login page"),
        ({"page": {"GET /if/flow/login/?next=x": 404}}, "answers 404"),
    ],
)
def test_a_wrong_way_is_red(given: dict[str, Any], observed: str, looked: Callable[..., Evidence]) -> None:
    evidence = looked(**given)
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed


def test_another_provider_is_red(looked: Callable[..., Evidence]) -> None:
    evidence = looked(login=(302, b"", {"Location": "http://127.0.0.2:1/application/o/authorize/?client_id=zot"}))
    assert "provider is 'http://127.0.0.2:1'" in evidence.observed


def test_a_registry_that_does_not_answer_is_unknown(nowhere: Here) -> None:
    assert nowhere.look(SignInRedirects(profile=nowhere.profile)).verdict is Verdict.UNKNOWN
