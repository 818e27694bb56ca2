"""What `verify` finds wrong in a configuration and what it misses, for the stand-in and a real zot."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.registry_world import KINDS, Change, Registry, provider
from zotops.lab.registry.__main__ import main

MAY_READ = {"anonymousPolicy": ["read"]}
CREDENTIALS = "oidc-credentials.json"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as url:
        yield url


@pytest.fixture(params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path: Path, issuer: str) -> Iterator[Registry]:
    found = Registry(request.param, tmp_path / "zot", issuer)
    yield found
    found.stop()


def sync(**settings: Any) -> dict[str, Any]:
    return {"sync": {"registries": [{"urls": ["http://127.0.0.1:1"], "onDemand": True, **settings}]}}


def oidc(configuration: dict[str, Any]) -> dict[str, Any]:
    found = configuration["http"]["auth"]["openid"]["providers"]["oidc"]
    assert isinstance(found, dict)
    return found


def rules(configuration: dict[str, Any]) -> dict[str, Any]:
    found = configuration["http"]["accessControl"]["repositories"]
    assert isinstance(found, dict)
    return found


CAUGHT: dict[str, Change] = {
    "an unknown key at the top": lambda c: c.update(surprise=1),
    "an unknown key far down": lambda c: rules(c)["**"]["policies"][0].update(surprise=1),
    "no credentials file": lambda c: oidc(c).update(credentialsFile="/nowhere.json"),
    "a credentials file without an extension": lambda c: oidc(c).update(credentialsFile="credentials"),
    "no session key file": lambda c: c["http"]["auth"].update(sessionKeysFile="/nowhere.json"),
    "no issuer": lambda c: oidc(c).pop("issuer"),
    "no scopes": lambda c: oidc(c).update(scopes=[]),
    "another provider key": lambda c: c["http"]["auth"]["openid"].update(providers={"authentik": oidc(c)}),
    "a malformed pattern": lambda c: rules(c).update({"a[": MAY_READ}),
    "a condition that is no program": lambda c: c["http"]["accessControl"]["adminPolicy"].update(
        conditions=[{"expression": "((", "message": ""}]
    ),
    "accessControl without auth": lambda c: c["http"].pop("auth"),
    "a port out of range": lambda c: c["http"].update(port="70000"),
    "a port that is a word": lambda c: c["http"].update(port="http"),
    "an unknown log level": lambda c: c["log"].update(level="loud"),
    "a duration without a unit": lambda c: c["http"].update(readTimeout="30"),
    "preserveDigest without compat": lambda c: (
        c["http"].pop("compat"),
        c.update(extensions=sync(preserveDigest=True)),
    ),
}
MISSED: dict[str, Change] = {
    "nothing": lambda _: None,
    "a typing error in an action": lambda c: c["http"]["accessControl"]["adminPolicy"].update(actions=["reading"]),
    "a typing error in a claim": lambda c: oidc(c).update(claimMapping={"username": "preferred-username"}),
    "an issuer that is no address": lambda c: oidc(c).update(issuer="somewhere"),
    "scopes too narrow": lambda c: oidc(c).update(scopes=["openid"]),
    "an external address that is none": lambda c: c["http"].update(externalUrl="nonsense"),
    "a pattern with a leading slash": lambda c: rules(c).update({"/a/**": MAY_READ}),
    "a pattern with empty rules": lambda c: rules(c).update({"a[": {}}),
    "no defaultPolicy": lambda c: rules(c)["**"].pop("defaultPolicy"),
    "adminPolicy without groups": lambda c: c["http"]["accessControl"]["adminPolicy"].pop("groups"),
    "a duration as a bare number": lambda c: c["http"].update(readTimeout=30),
    "apikey false beside openid": lambda c: c["http"]["auth"].update(apikey=False),
    "missing TLS files": lambda c: c["http"].update(tls={"cert": "/nowhere", "key": "/nowhere"}),
    "a missing htpasswd file": lambda c: c["http"]["auth"].update(htpasswd={"path": "/nowhere"}),
    "no root directory": lambda c: c.update(storage={}),
    "a root directory that cannot be": lambda c: c["storage"].update(rootDirectory="/proc/nowhere"),
    "missing sync credentials": lambda c: c.update(extensions={"sync": {**sync()["sync"], "credentialsFile": "/no"}}),
    "keys in other letter case": lambda c: c["http"].update(REALM="zot"),
}


def verified(registry: Registry, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """How `verify` ends and what it prints; the stand-in is called in this process, because that is faster."""
    file = str(registry.folder / "config.json")
    if registry.kind == "stand-in":
        return main(["verify", file]), *capsys.readouterr()
    done = registry.call("verify", file)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("what", CAUGHT)
def test_verify_catches(registry: Registry, capsys: pytest.CaptureFixture[str], what: str) -> None:
    registry.write("credentials", {"clientid": "zot", "clientsecret": "any"})
    code, _, errors = verified(registry.change(CAUGHT[what]), capsys)
    assert (code, errors[:7]) == (1, "Error: ")


@pytest.mark.parametrize("what", MISSED)
def test_verify_misses(registry: Registry, capsys: pytest.CaptureFixture[str], what: str) -> None:
    code, lines, errors = verified(registry.change(MISSED[what]), capsys)
    assert (code, errors) == (0, "")
    assert json.loads(lines.splitlines()[-1])["message"] == "config file is valid"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"http": {', "no JSON: [", "\ufeff{}"])
def test_verify_refuses_what_is_no_configuration(
    registry: Registry, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (registry.folder / "config.json").write_text(text)
    assert verified(registry, capsys)[0] == 1


@pytest.mark.parametrize(
    "credentials",
    [{}, {"clientid": "zot"}, {"id": "zot", "secret": "any"}, {"clientid": "zot", "clientsecret": "any", "more": 1}],
)
def test_verify_wants_exactly_the_two_credentials(
    registry: Registry, capsys: pytest.CaptureFixture[str], credentials: dict[str, Any]
) -> None:
    registry.write(CREDENTIALS, credentials)
    assert verified(registry, capsys)[0] == 1


def test_verify_takes_an_empty_secret_and_session_keys_of_any_length(registry: Registry) -> None:
    registry.write(CREDENTIALS, {"clientid": "zot", "clientsecret": ""})
    registry.write("session-keys.json", {"encryptKey": "short"})
    assert registry.call("verify", str(registry.folder / "config.json")).returncode == 0


def test_verify_dies_when_the_log_cannot_be_opened(registry: Registry) -> None:
    registry.change(lambda c: c["log"].update(output="/nowhere/zot.log"))
    assert registry.call("verify", str(registry.folder / "config.json")).returncode == 2
