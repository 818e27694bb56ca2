"""The proxy before the practice registry passes everything on, but for its one habit."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.systems.outside import KEY, Table, TableServer, basic, tabled
from zotops.lab.faults.front import free_port, wait_for

ROOT = Path(__file__).parents[2]
ASKS = {"WWW-Authenticate": 'Basic realm="zot"', "Docker-Distribution-API-Version": "registry/2.0"}
BEHIND: Table = {
    "GET /v2/": (200, b"", ASKS),
    "HEAD /v2/": (200, b"", ASKS),
    "GET /v2/_catalog": (200, {"repositories": ["practice/nettest"]}),
    "PUT /v2/x/manifests/y": (201, b"", {"Location": "/v2/x/manifests/y"}),
    "PATCH /v2/x/blobs/uploads/1": (202, b""),
    "key GET /who": (200, b"zot-ci"),
    "nobody GET /who": (401, b"nobody"),
    "DELETE /v2/x/manifests/y": 202,
}
Ask = Callable[..., tuple[int, http.client.HTTPMessage, bytes]]


@contextmanager
def proxied(behind: int, habits: dict[str, Any]) -> Iterator[int]:
    port = free_port()
    words = [sys.executable, "-m", "zotops.lab.proxy", str(port), str(behind), json.dumps(habits)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, env={**os.environ}) as process:
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()


@pytest.fixture
def before() -> Iterator[Callable[..., Ask]]:
    """`before(habit=True)`: what asks a table through a proxy of that habit."""
    with ExitStack() as stack:

        def with_habits(**habits: Any) -> Ask:
            port = stack.enter_context(proxied(stack.enter_context(tabled(BEHIND)).server_port, habits))
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            stack.callback(connection.close)

            def ask(
                method: str, path: str, *, key: str = "", **more: Any
            ) -> tuple[int, http.client.HTTPMessage, bytes]:
                headers = {"Authorization": basic("zot-ci", key)} if key else {}
                connection.request(method, path, headers=headers, **more)
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()

            return ask

        yield with_habits


def test_without_a_habit_everything_goes_both_ways_on_one_connection(before: Callable[..., Ask]) -> None:
    ask = before()
    status, headers, body = ask("GET", "/v2/")
    assert (status, headers["WWW-Authenticate"], body) == (200, ASKS["WWW-Authenticate"], b"")
    assert ask("HEAD", "/v2/")[0] == 200
    assert ask("GET", "/who", key=KEY)[2] == b"zot-ci"
    assert ask("GET", "/who")[0] == 401
    assert ask("PUT", "/v2/x/manifests/y", body=b"x" * 999)[1]["Location"] == "/v2/x/manifests/y"
    assert ask("PATCH", "/v2/x/blobs/uploads/1", body=iter([b"a", b"b"]), encode_chunked=True)[0] == 202
    assert json.loads(ask("GET", "/v2/_catalog")[2]) == {"repositories": ["practice/nettest"]}


def test_the_challenge_is_stripped(before: Callable[..., Ask]) -> None:
    status, headers, _ = before(strips_challenge=True)("GET", "/v2/")
    assert status == 200
    assert "WWW-Authenticate" not in headers
    assert headers["Docker-Distribution-API-Version"] == "registry/2.0"


def test_a_challenge_is_added_where_there_is_none(before: Callable[..., Ask]) -> None:
    ask = before(adds_challenge=True)
    assert ask("GET", "/v2/")[1].get_all("WWW-Authenticate") == [ASKS["WWW-Authenticate"]]
    assert "WWW-Authenticate" not in ask("GET", "/v2/_catalog")[1]


def test_credentials_are_dropped(before: Callable[..., Ask]) -> None:
    assert before(drops_credentials=True)("GET", "/who", key=KEY)[2] == b"nobody"


def test_a_body_above_the_limit_is_refused_and_one_at_it_passes(before: Callable[..., Ask]) -> None:
    ask = before(largest_body=10)
    assert ask("PUT", "/v2/x/manifests/y", body=b"x" * 11)[0] == 413
    assert ask("PUT", "/v2/x/manifests/y", body=b"x" * 10)[0] == 201
    assert ask("PATCH", "/v2/x/blobs/uploads/1", body=iter([b"x" * 6] * 2), encode_chunked=True)[0] == 413


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST", "DELETE"])
def test_writes_are_refused_and_reads_are_not(method: str, before: Callable[..., Ask]) -> None:
    ask = before(refuses_writes=True)
    assert ask(method, "/v2/x/manifests/y")[0] == 405
    assert ask("GET", "/v2/")[0] == 200


def test_the_catalog_is_an_old_one(before: Callable[..., Ask]) -> None:
    ask = before(old_catalog=True)
    assert json.loads(ask("GET", "/v2/_catalog?n=5")[2]) == {"repositories": []}
    assert ask("GET", "/v2/_catalog", key=KEY)[2] != b'{"repositories":[]}'


def test_a_registry_that_is_gone_is_a_bad_gateway() -> None:
    with TableServer({}) as gone:
        pass
    with proxied(gone.server_port, {}) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/v2/")
        assert connection.getresponse().status == 502
        connection.close()


@contextmanager
def refusing_unread() -> Iterator[int]:
    """A server that answers 401 to a request's head, and closes without having read the rest."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer, suppress(OSError):
                    peer.recv(1000)
                    peer.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")

        Thread(target=serve, daemon=True).start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def test_an_answer_that_does_not_wait_for_the_body_is_passed_back() -> None:
    with refusing_unread() as behind, proxied(behind, {}) as port:
        for _ in range(10):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("PUT", "/v2/x/manifests/y", body=b"x" * 8_000_000)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (401, b"no")
            connection.close()


def test_a_habit_that_is_none_is_refused() -> None:
    words = [sys.executable, "-m", "zotops.lab.proxy", str(free_port()), "9", '{"sings": true}']
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "no such habit: sings" in done.stderr


def test_waiting_for_a_port_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotops.lab.faults.front.WITHIN", 0.05)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="nothing listens"):
        wait_for(free_port())
    assert time.monotonic() - began < 5
