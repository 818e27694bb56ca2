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

REFUSED: dict[str, Change] = {
    "an unknown key": lambda c: c.update(surprise=1),
    "no credentials file": lambda c: oidc(c).update(credentialsFile="/nowhere.json"),
    "no session key file": lambda c: c["http"]["auth"].update(sessionKeysFile="/nowhere.json"),
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as url:
        yield url


@pytest.fixture(params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path: Path, issuer: str) -> Iterator[Registry]:
    found = Registry(request.param, tmp_path / "zot", issuer)
    yield found
    found.stop()


def oidc(configuration: dict[str, Any]) -> dict[str, Any]:
    found = configuration["http"]["auth"]["openid"]["providers"]["oidc"]
    assert isinstance(found, dict)
    return found


def test_verify_without_a_file_and_with_more_than_one_says_nothing_of_it(registry: Registry) -> None:
    assert registry.call("verify").returncode == 0
    assert registry.call("verify", str(registry.folder / "config.json"), "nowhere.json").returncode == 0


def test_version_is_one_line_of_json(registry: Registry) -> None:
    done = registry.call("--version")
    assert (done.returncode, json.loads(done.stdout)["distribution-spec"]) == (0, "1.1.1")


@pytest.mark.parametrize("words", [["serve"], ["serve", "a", "b"], ["surprise"]])
def test_wrong_words_end_with_1(registry: Registry, words: list[str]) -> None:
    assert registry.call(*words).returncode == 1


@pytest.mark.parametrize("what", REFUSED)
def test_serve_ends_with_1_when_the_configuration_is_refused(registry: Registry, what: str) -> None:
    assert registry.change(REFUSED[what]).serve().wait(20) == 1


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
    registry.change(lambda c: c["http"].update(tls={"cert": "/nowhere", "key": "/nowhere"}))
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


@pytest.mark.costly("stand-ins")
def test_a_second_registry_in_the_same_folder_gives_up_after_ten_seconds(registry: Registry) -> None:
    registry.start()
    first, started = registry.process, time.monotonic()
    try:
        assert registry.serve().wait(20) == 1
        assert 9 < time.monotonic() - started < 12
    finally:
        registry.process = first


@pytest.mark.costly("stand-ins")
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
    registry.change(lambda c: c["http"]["auth"].update(htpasswd={"path": "/nowhere"}))
    assert registry.serve().wait(20) == 1
    assert "not implemented by the practice world: http.auth.htpasswd" in registry.log
