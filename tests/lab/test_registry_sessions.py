"""Signing in: cookies, what survives a restart, and which groups count."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.lab.registry_world import KINDS, Registry, Visitor, provider, visitor

PROBE = ("PUT", "/v2/practice/probe/manifests/unused")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as url:
        yield url


@pytest.fixture(params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path: Path, issuer: str) -> Iterator[Registry]:
    found = Registry(request.param, tmp_path / "zot", issuer)
    yield found
    found.stop()


def may_create(someone: Visitor, who: Any) -> int:
    return someone.ask(who, *PROBE, content_type="text/plain").status_code


def sign_in(someone: Visitor, name: str, claims: dict[str, Any]) -> httpx.Response:
    """One login with exactly these claims; gives the callback's answer."""
    start = someone.send("GET", "/zot/auth/login?provider=oidc")
    page = start.headers["location"]
    place = "{0.scheme}://{0.netloc}".format(urlsplit(page))
    httpx.put(f"{place}/users/{name}", json=claims).raise_for_status()
    back = httpx.post(page, data={"sub": name}).headers["location"]
    cookies = "; ".join(line.split(";")[0] for line in start.headers.get_list("set-cookie"))
    reply = someone.send("GET", back, headers={"Cookie": cookies})
    assert isinstance(reply, httpx.Response)
    return reply


def session_of(reply: httpx.Response) -> dict[str, str]:
    return {"X-ZOT-API-CLIENT": "zot-ui", "Cookie": f"session={reply.cookies['session']}"}


@pytest.mark.parametrize("kept", [True, False])
def test_keys_survive_a_restart_and_sessions_only_with_a_key_file(registry: Registry, *, kept: bool) -> None:
    if not kept:
        registry.change(lambda c: c["http"]["auth"].pop("sessionKeysFile"))
    with registry, visitor(registry) as someone:
        session, key = someone.headers_of("session:zot-ci"), someone.headers_of("key:zot-ci")
    with registry, visitor(registry) as someone:
        assert someone.send("GET", "/v2/", headers=key).status_code == 200
        assert someone.send("GET", "/zot/auth/apikey", headers=session).status_code == (200 if kept else 500)
        assert may_create(someone, "anonymous") == 401


def test_logout_ends_the_session_at_once(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        session = someone.headers_of("session:zot-ci")
        assert someone.send("POST", "/zot/auth/logout", headers=session).status_code == 200
        assert someone.send("GET", "/zot/auth/apikey", headers=session).status_code == 500
        assert someone.send("POST", "/zot/auth/logout").json() == {}


def test_secure_session_marks_the_cookies_and_the_state_cookie_is_always_secure(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        plain = sign_in(someone, "zot-ci", {"preferred_username": "zot-ci"})
        start = someone.send("GET", "/zot/auth/login?provider=oidc")
        assert [
            line for line in plain.headers.get_list("set-cookie") if "Secure" in line and "state=" not in line
        ] == []
        assert ["Secure" in line for line in start.headers.get_list("set-cookie") if line.startswith("state=")] == [
            True
        ]
    registry.change(lambda c: c["http"]["auth"].update(secureSession=True))
    with registry, visitor(registry) as someone:
        secure = sign_in(someone, "zot-ci", {"preferred_username": "zot-ci"})
        named = [line for line in secure.headers.get_list("set-cookie") if line.startswith(("session=", "user="))]
        assert [line for line in named if "Secure" not in line] == []


def test_an_encryption_key_of_a_wrong_length_makes_every_login_fail(registry: Registry) -> None:
    registry.write("session-keys.json", {"hashKey": "h" * 32, "encryptKey": "short"})
    with registry, visitor(registry) as someone:
        assert someone.send("GET", "/zot/auth/login?provider=oidc").status_code == 500


@pytest.mark.parametrize(
    ("groups", "status"),
    [
        (["artifact-workloads"], 415),
        ("artifact-workloads", 415),
        ("artifact-workloads,admins", 403),
        (["Artifact-Workloads"], 403),
        (["/artifact-workloads"], 403),
        (["artifact-workloads "], 403),
        ([1, 2], 403),
        ({"artifact-workloads": True}, 403),
        (None, 403),
    ],
)
def test_only_the_exact_group_counts(registry: Registry, groups: Any, status: int) -> None:
    claims = {"preferred_username": "zot-ci"} | ({} if groups is None else {"groups": groups})
    with registry, visitor(registry) as someone:
        session = session_of(sign_in(someone, "zot-ci", claims))
        reply = someone.send(PROBE[0], PROBE[1], headers=session | {"Content-Type": "text/plain"})
        assert reply.status_code == status


def test_the_email_stands_in_for_a_missing_name_and_nothing_stands_in_for_both(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        by_mail = sign_in(someone, "mail", {"email": "ci@example.test"})
        assert by_mail.cookies["user"].strip('"') == "ci@example.test"
        nameless = sign_in(someone, "nameless", {})
        assert (nameless.status_code, nameless.text) == (401, "")


def test_an_error_of_the_provider_is_500_only_with_its_state(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        start = someone.send("GET", "/zot/auth/login?provider=oidc")
        cookies = "; ".join(line.split(";")[0] for line in start.headers.get_list("set-cookie"))
        state = parse_qs(urlsplit(start.headers["location"]).query)["state"][0]
        place = "/zot/auth/callback/oidc?error=access_denied&error_description=no"
        told = someone.send("GET", f"{place}&state={state}", headers={"Cookie": cookies})
        assert (told.status_code, told.text) == (500, "access_denied: no\n")
        assert someone.send("GET", place, headers={"Cookie": cookies}).status_code == 401


def test_lost_accounts_leave_sessions_without_groups_and_no_key(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        session, key = someone.headers_of("session:zot-ci"), someone.headers_of("key:zot-ci")
    (registry.storage / "meta.db").unlink()
    with registry, visitor(registry) as someone:
        assert someone.send("GET", "/v2/", headers=key).status_code == 401
        assert someone.send("GET", "/v2/_catalog", headers=session).status_code == 200
        probe = someone.send(PROBE[0], PROBE[1], headers=session | {"Content-Type": "text/plain"})
        assert probe.status_code == 403


def test_the_log_shows_the_code_and_cookies_and_never_a_credential(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        sign_in(someone, "zot-ci", {"preferred_username": "zot-ci"})
        authorization = someone.headers_of("key:zot-ci")["Authorization"]
        assert someone.ask("key:zot-ci", "GET", "/v2/").status_code == 200
    lines = [json.loads(line) for line in registry.log.splitlines() if '"HTTP API"' in line]
    assert any("/zot/auth/callback/oidc?code=" in line["path"] for line in lines)
    assert any(line["headers"].get("Authorization") == ["******"] for line in lines)
    assert authorization.split()[1] not in registry.log
