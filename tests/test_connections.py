"""Connections stay with their server, are never more than 32, and are not used again once they broke."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.tls import Certified, certified, tls_front
from zotops.connections import CONNECTIONS, Connections

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Counted:
    """A server that counts its connections: ever opened, open now, and the most at a time.

    `slow`: seconds to each answer; `held`: none is given before that is set.
    """

    port: int
    everywhere: list[int]
    opened: int = 0
    slow: float = 0.0
    held: threading.Event | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def converse(self, peer: socket.socket) -> None:
        with self.lock:
            self.opened += 1
            self.everywhere.append(self.everywhere[-1] + 1)
        with peer, suppress(OSError):
            while request := peer.recv(65536):
                time.sleep(self.slow)
                if self.held:
                    self.held.wait(30)
                if b"GET /hang-up" in request:
                    break
                peer.sendall(ANSWER)
        with self.lock:
            self.everywhere.append(self.everywhere[-1] - 1)


@pytest.fixture
def servers() -> Iterator[tuple[Counted, Counted]]:
    everywhere = [0]
    lock = threading.Lock()
    with ExitStack() as stack:
        found = []
        for _ in range(2):
            door = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
            server = Counted(door.getsockname()[1], everywhere, lock=lock)
            threading.Thread(target=accept_by, args=(door, server.converse), daemon=True).start()
            found.append(server)
        yield found[0], found[1]


def accept_by(door: socket.socket, converse: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            peer, _ = door.accept()
        except OSError:
            return
        threading.Thread(target=converse, args=(peer,), daemon=True).start()


@pytest.fixture
def connections() -> Iterator[Connections]:
    found = Connections({})
    yield found
    found.close()


def ask(connections: Connections, url: str) -> bytes:
    return connections.exchange("GET", url, headers=None, body=b"", timeout=30.0).body


def test_one_after_another_goes_over_one_connection(connections: Connections, servers: tuple[Counted, Counted]) -> None:
    for _ in range(5):
        assert ask(connections, servers[0].url) == b"ok"
    assert servers[0].opened == 1


def test_each_server_keeps_its_own(connections: Connections, servers: tuple[Counted, Counted]) -> None:
    for _ in range(3):
        for server in servers:
            ask(connections, server.url)
    assert [server.opened for server in servers] == [1, 1]


def test_there_are_never_more_than_that_many(connections: Connections, servers: tuple[Counted, Counted]) -> None:
    here, there = servers
    here.slow = there.slow = 0.02
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for server in (here, there, here):
            list(pool.map(lambda _, url=server.url: ask(connections, url), range(3 * CONNECTIONS)))
    # A server hears of an end a moment later than the client that made it.
    assert CONNECTIONS <= max(here.everywhere) <= CONNECTIONS + 2
    assert here.opened <= 2 * CONNECTIONS


def test_one_that_broke_is_not_used_again(connections: Connections, servers: tuple[Counted, Counted]) -> None:
    server = servers[0]
    with pytest.raises(Exception, match="disconnected"):
        ask(connections, f"{server.url}hang-up")
    assert ask(connections, server.url) == b"ok"
    assert server.opened == 2


def test_nothing_stays_open_once_it_is_closed(connections: Connections, servers: tuple[Counted, Counted]) -> None:
    ask(connections, servers[0].url)
    connections.close()
    until = time.monotonic() + 5
    while servers[0].everywhere[-1] and time.monotonic() < until:
        time.sleep(0.01)
    assert servers[0].everywhere == [0, 1, 0]


def test_one_whose_answer_comes_after_the_end_is_closed_too(
    connections: Connections, servers: tuple[Counted, Counted]
) -> None:
    servers[0].held = threading.Event()
    late = threading.Thread(target=ask, args=(connections, servers[0].url))
    late.start()
    until = time.monotonic() + 30
    while not servers[0].opened and time.monotonic() < until:
        time.sleep(0.01)
    connections.close()
    servers[0].held.set()
    late.join()
    while servers[0].everywhere[-1] and time.monotonic() < until:
        time.sleep(0.01)
    assert servers[0].everywhere == [0, 1, 0]


@pytest.fixture(params=["openssl", "keychain"])
def shown(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certified:
    """Trusted here, once by OpenSSL itself and once as where it does not know what the system trusts."""
    if request.param == "keychain":
        monkeypatch.setattr("zotops.connections.Connections._of_openssl", None)
    found = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.authority))
    return found


def test_the_answer_over_tls_brings_the_servers_certificate(
    connections: Connections, servers: tuple[Counted, Counted], shown: Certified
) -> None:
    with tls_front(servers[0].port, shown) as port:
        reply = connections.exchange("GET", f"https://127.0.0.1:{port}/", headers=None, body=b"", timeout=20.0)
    assert (reply.status, reply.body) == (200, b"ok")
    assert reply.certificate == ssl.PEM_cert_to_DER_cert(shown.certificate.read_text())


def test_whom_nobody_here_trusts_is_told_nothing(
    connections: Connections, servers: tuple[Counted, Counted], shown: Certified, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = shown.authority.parent / "others"
    others.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(certified(others).authority))
    with tls_front(servers[0].port, shown) as port, pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        ask(connections, f"https://127.0.0.1:{port}/")
    assert servers[0].opened == 0


def test_a_proxy_passes_tls_on_and_hears_nothing_of_it(servers: tuple[Counted, Counted], shown: Certified) -> None:
    heard: list[bytes] = []

    def tunnel(peer: socket.socket) -> None:
        heard.append(peer.recv(65536))
        with peer, socket.create_connection(("127.0.0.1", port)) as there:
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pass_on, args=(there, peer, []), daemon=True)
            back.start()
            pass_on(peer, there, heard)
            back.join()

    with tls_front(servers[0].port, shown) as port, socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=accept_by, args=(door, tunnel), daemon=True).start()
        found = Connections({"https_proxy": f"http://127.0.0.1:{door.getsockname()[1]}"})
        said = {"Authorization": "Basic c2VjcmV0"}
        reply = found.exchange("GET", "https://registry.invalid/", headers=said, body=b"", timeout=30.0)
        found.close()
    assert reply.body == b"ok"
    assert reply.certificate == ssl.PEM_cert_to_DER_cert(shown.certificate.read_text())
    assert heard[0].startswith(b"CONNECT registry.invalid:443 ")
    assert b"c2VjcmV0" not in b"".join(heard)


def pass_on(source: socket.socket, target: socket.socket, heard: list[bytes]) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            heard.append(piece)
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def test_one_handshake_does_not_wait_for_another(connections: Connections, shown: Certified) -> None:
    """The server answers none before all have begun."""
    together = threading.Barrier(8)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.key)

    def converse(peer: socket.socket) -> None:
        peer.recv(1, socket.MSG_PEEK)  # the client's first word
        together.wait(60)
        with suppress(OSError), context.wrap_socket(peer, server_side=True) as spoken:
            spoken.recv(65536)
            spoken.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
        threading.Thread(target=accept_by, args=(door, converse), daemon=True).start()
        url = f"https://127.0.0.1:{door.getsockname()[1]}/"
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda _: ask(connections, url), range(8))) == [b"ok"] * 8
