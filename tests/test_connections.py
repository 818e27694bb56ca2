"""Connections stay with their server, are never more than 32, and are not used again once they broke."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

import pytest

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
            threading.Thread(target=accept, args=(door, server), daemon=True).start()
            found.append(server)
        yield found[0], found[1]


def accept(door: socket.socket, server: Counted) -> None:
    while True:
        try:
            peer, _ = door.accept()
        except OSError:
            return
        threading.Thread(target=server.converse, args=(peer,), daemon=True).start()


@pytest.fixture
def connections() -> Iterator[Connections]:
    found = Connections({})
    yield found
    found.close()


def ask(connections: Connections, url: str) -> bytes:
    return connections.exchange("GET", url, headers=None, body=b"", timeout=5.0).body


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
