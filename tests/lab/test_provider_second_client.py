"""An OpenID Connect client that shares no code with the provider, and a real zot, take what the provider says."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptojwt.key_jar import KeyJar
from idpyoidc.client.rp_handler import RPHandler

from tests.lab.provider_world import CALLBACK, CLIENT_SECRET, PracticeProvider, begin_anew
from zotops.lab import world
from zotops.lab.sign_in import sign_in_with_password

REAL = os.environ.get("ZOTOPS_ZOT")
SERVICES = {
    name: {"class": f"idpyoidc.client.oidc.{place}"}
    for name, place in {
        "discovery": "provider_info_discovery.ProviderInfoDiscovery",
        "authorization": "authorization.Authorization",
        "access_token": "access_token.AccessToken",
        "userinfo": "userinfo.UserInfo",
    }.items()
}


@pytest.fixture
def provider(served: PracticeProvider, caplog: pytest.LogCaptureFixture) -> PracticeProvider:
    caplog.set_level(logging.CRITICAL)  # it writes whole tracebacks of what it refuses
    begin_anew(served.folder)
    return served


def issuer_of(provider: PracticeProvider) -> str:
    return f"{provider.url}/application/o/zot/"


def client(provider: PracticeProvider, **changes: Any) -> RPHandler:
    settings = {
        "client_type": "oidc",
        "issuer": issuer_of(provider),
        "client_id": "zot",
        "client_secret": CLIENT_SECRET,
        "redirect_uris": [CALLBACK],
        "preference": {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
    }
    configurations = {issuer_of(provider): settings | changes}
    return RPHandler(base_url=CALLBACK, client_configs=configurations, keyjar=KeyJar(), services=SERVICES)


def begin(relying: RPHandler, provider: PracticeProvider) -> str:
    """The address at which somebody signs in for this client."""
    address: str = relying.begin(issuer_of(provider), req_args={"scope": ["openid", "profile", "email"]})
    return address


def authorized(provider: PracticeProvider, address: str) -> dict[str, str]:
    """What the callback gets when somebody who is signed in follows the client's address."""
    reply = provider.signed_in("alex").ask("GET", address.removeprefix(provider.url))
    assert reply.headers["location"].startswith(CALLBACK), reply.text
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}


def test_another_client_reads_the_discovery_and_takes_the_tokens(provider: PracticeProvider) -> None:
    relying = client(provider)
    answer = authorized(provider, begin(relying, provider))
    found = relying.finalize(issuer_of(provider), answer)
    assert (found["id_token"]["iss"], found["id_token"]["aud"]) == (issuer_of(provider), ["zot"])
    assert found["id_token"]["sub"] == found["userinfo"]["sub"]
    assert (found["userinfo"]["preferred_username"], found["userinfo"]["groups"]) == ("alex", ["admins"])


def other_nonce(address: str) -> str:
    parts = urlsplit(address)
    query = {**{name: values[0] for name, values in parse_qs(parts.query).items()}, "nonce": "of-somebody-else"}
    return parts._replace(query="&".join(f"{name}={value}" for name, value in query.items())).geturl()


@pytest.mark.parametrize(
    ("settings", "change", "complaint"),
    [
        ({"client_secret": "another-secret-of-sufficient-length"}, str, "invalid_client"),
        ({}, other_nonce, "nonce"),
    ],
)
def test_that_client_refuses_what_is_not_right(
    provider: PracticeProvider, settings: dict[str, str], change: Callable[[str], str], complaint: str
) -> None:
    relying = client(provider, **settings)
    answer = authorized(provider, change(begin(relying, provider)))
    with pytest.raises(Exception, match=complaint):
        raise AssertionError(relying.finalize(issuer_of(provider), answer))


def test_that_client_refuses_an_issuer_of_another_name(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["providers"]["Zot"]["issuer_mode"] = "global"
    with pytest.raises(Exception, match="issuer mismatch"):
        begin(client(provider), provider)


@pytest.mark.skipif(not REAL, reason="ZOTOPS_ZOT names no real zot")
def test_a_real_zot_takes_discovery_and_tokens(tmp_path: Path) -> None:
    made = world.make(tmp_path / "world", state="hardened", zot=Path(str(REAL)))
    assert made["registry"]["kind"] != "practice"
    password = made["secrets"]["passwords"]["alex"]
    with world.start(tmp_path / "world"):
        assert sign_in_with_password(made, "alex", password)
        assert not sign_in_with_password(made, "alex", "another-password")
