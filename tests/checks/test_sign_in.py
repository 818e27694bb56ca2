from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.checks.conftest import HARDENED, Here
from tests.systems.outside import Safe, Table, profile_of, tabled, world_of
from zotops.checks.sign_in import NO_STATE, SignInIsOffered, SignInRedirects
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
    assert "client zot" in evidence.observed
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


@pytest.mark.parametrize("check", [SignInRedirects, SignInIsOffered])
def test_a_registry_that_does_not_answer_is_unknown(check: type, nowhere: Here) -> None:
    assert nowhere.look(check(profile=nowhere.profile)).verdict is Verdict.UNKNOWN


OFFERED = "GET /zot/auth/login?provider=zotops-has-no-such-provider"
DOCUMENT = "GET /application/o/zot/.well-known/openid-configuration"


def offered(folder: Path, *, registry: Any = (400, b""), **changes: Any) -> tuple[Evidence, list[str]]:
    """Look; `registry` is its answer, `document` the provider's, `page` what it shows. And what was asked."""
    with tabled(HARDENED) as door, tabled({}) as provider:
        profile = profile_of(folder, registry=door.url, provider=provider.url)
        door.table[OFFERED] = registry
        away = f"{ENDPOINT}?{query(profile, state=NO_STATE)}"
        provider.table[DOCUMENT] = changes.get("document") or (
            200,
            {"authorization_endpoint": f"{provider.url}{ENDPOINT}"},
        )
        provider.table[f"GET {away}"] = changes.get("page") or (302, b"", {"Location": "/if/flow/login/?next=x"})
        provider.table["GET /if/flow/login/?next=x"] = (200, b"<html>")
        here = Here(server=door, profile=profile, safe=Safe(), world=world_of(profile, Safe()))
        evidence = here.look(SignInIsOffered(profile=profile))
        return evidence, [line for line, _ in door.seen]


def test_an_offered_sign_in_is_seen_without_beginning_one(tmp_path: Path) -> None:
    evidence, asked = offered(tmp_path)
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, "400; client zot, login page 200")
    assert [line.removeprefix("nobody ") for line in asked] == [OFFERED]


@pytest.mark.parametrize(
    ("given", "verdict", "observed"),
    [
        ({"registry": 404}, Verdict.FAILED, "404 to a provider that nobody has, not 400"),
        ({"registry": (200, b"<html>")}, Verdict.FAILED, "200 to a provider that nobody has"),
        ({"registry": (302, b"", {"Location": "/"})}, Verdict.FAILED, "302 to a provider that nobody has"),
        ({"registry": 503}, Verdict.UNKNOWN, "answered 503"),
        ({"page": (400, b"redirect_uri mismatch")}, Verdict.FAILED, "the provider answers 400"),
        ({"document": 404}, Verdict.UNKNOWN, "without an endpoint of its own"),
        ({"document": (200, [1])}, Verdict.UNKNOWN, "without an endpoint of its own"),
        (
            {"document": (200, {"authorization_endpoint": "http://127.0.0.2:1/x"})},
            Verdict.UNKNOWN,
            "without an endpoint of its own",
        ),
    ],
)
def test_a_sign_in_that_is_not_offered_or_not_taken_is_told(
    given: dict[str, Any], verdict: Verdict, observed: str, tmp_path: Path
) -> None:
    evidence, _ = offered(tmp_path, **given)
    assert evidence.verdict is verdict
    assert observed in evidence.observed
