"""The executable: what it says and how it ends, for the stand-in and for a real zot if there is one."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lab.registry_world import KINDS, Change, Registry, provider, visitor
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
    "a typing error in an action": lambda c: c["http"]["accessControl"]["adminPolicy"].update(actions=["raed"]),
    "a typing error in a claim": lambda c: oidc(c).update(claimMapping={"username": "nmae"}),
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


def test_verify_without_a_file_and_with_more_than_one_says_nothing_of_it(registry: Registry) -> None:
    assert registry.call("verify").returncode == 0
    assert registry.call("verify", str(registry.folder / "config.json"), "nowhere.json").returncode == 0


def test_version_is_one_line_of_json(registry: Registry) -> None:
    done = registry.call("--version")
    assert (done.returncode, json.loads(done.stdout)["distribution-spec"]) == (0, "1.1.1")


@pytest.mark.parametrize("words", [["serve"], ["serve", "a", "b"], ["surprise"]])
def test_wrong_words_end_with_1(registry: Registry, words: list[str]) -> None:
    assert registry.call(*words).returncode == 1


@pytest.mark.parametrize("what", ["an unknown key at the top", "no credentials file", "no session key file"])
def test_serve_ends_with_1_when_the_configuration_is_refused(registry: Registry, what: str) -> None:
    assert registry.change(CAUGHT[what]).serve().wait(20) == 1


def test_serve_ends_with_1_when_it_cannot_write(registry: Registry) -> None:
    registry.change(lambda c: c["storage"].update(rootDirectory="/proc/nowhere"))
    assert registry.serve().wait(20) == 1


@pytest.mark.parametrize("end", ["/", "/other"])
def test_serve_ends_with_2_when_the_issuer_is_another_one_or_not_there(registry: Registry, end: str) -> None:
    registry.change(lambda c: oidc(c).update(issuer=oidc(c)["issuer"] + end))
    assert registry.serve().wait(20) == 2
    assert "failed to initialize new relying party oidc" in registry.log


def test_serve_ends_with_2_when_the_provider_refuses_connections(registry: Registry) -> None:
    registry.change(lambda c: oidc(c).update(issuer="http://127.0.0.1:1"))
    assert registry.serve().wait(20) == 2


def test_serve_ends_with_0_when_the_port_is_taken(registry: Registry) -> None:
    with socket.create_server(("127.0.0.1", registry.port)):
        assert registry.serve().wait(20) == 0
    assert "address already in use" in registry.log


def test_serve_ends_with_0_when_tls_files_are_missing(registry: Registry) -> None:
    registry.change(MISSED["missing TLS files"])
    assert registry.serve().wait(20) == 0
    assert '"error"' in registry.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_serve_ends_with_0_at_a_signal(registry: Registry, number: signal.Signals) -> None:
    process = registry.start().process
    assert process is not None
    process.send_signal(number)
    assert process.wait(20) == 0


def test_serve_does_not_mind_sigusr1(registry: Registry) -> None:
    process = registry.start().process
    assert process is not None
    process.send_signal(signal.SIGUSR1)
    with visitor(registry) as someone:
        assert someone.ask("anonymous", "GET", "/livez").text == "ok"


@pytest.mark.costly(share=0.1)
def test_a_second_registry_in_the_same_folder_gives_up_after_ten_seconds(registry: Registry) -> None:
    registry.start()
    first, started = registry.process, time.monotonic()
    try:
        assert registry.serve().wait(20) == 1
        assert 9 < time.monotonic() - started < 12
    finally:
        registry.process = first


@pytest.mark.costly(share=0.1)
def test_serve_ends_with_2_when_the_provider_never_answers(registry: Registry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        registry.change(lambda c: oidc(c).update(issuer=f"http://127.0.0.1:{port}"))
        assert registry.serve().wait(60) == 2


def test_it_serves_32_connections_at_once(registry: Registry) -> None:
    registry.start()
    with httpx.Client(base_url=registry.url, timeout=20) as client, ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda _: client.get("/v2/").status_code, range(128)))
    assert statuses == [200] * 128


def test_what_the_stand_in_cannot_serve_it_says(tmp_path: Path, issuer: str) -> None:
    registry = Registry("stand-in", tmp_path / "zot", issuer)
    registry.change(MISSED["a missing htpasswd file"])
    assert registry.serve().wait(20) == 1
    assert "not implemented by the practice world: http.auth.htpasswd" in registry.log
