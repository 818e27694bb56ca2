"""A server on a plain socket that answers every request with the same bytes, however wrong they are."""

import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], None]
LINGER_NOT = struct.pack("ii", 1, 0)
MEGABYTE = 1 << 20


@dataclass
class Hostile:
    """The server's port, and every request head that it was sent."""

    port: int
    heads: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def hostile(behaviour: Behaviour, *, reads: bool = True) -> Iterator[Hostile]:
    """Serve on a free port; without `reads`, nobody even listens to what is asked."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as door:
        found = Hostile(door.getsockname()[1])
        threading.Thread(target=_accept, args=(door, behaviour, reads, found), daemon=True).start()
        yield found
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)


def _accept(door: socket.socket, behaviour: Behaviour, reads: bool, found: Hostile) -> None:
    while True:
        try:
            peer, _ = door.accept()
        except OSError:
            return
        threading.Thread(target=_converse, args=(peer, behaviour, reads, found), daemon=True).start()


def _converse(peer: socket.socket, behaviour: Behaviour, reads: bool, found: Hostile) -> None:
    with peer, suppress(OSError):
        peer.settimeout(90)
        if reads:
            found.heads.append(_head(peer))
        behaviour(peer)


def _head(peer: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = peer.recv(65536)
        if not piece:
            break
        received += piece
    return received.partition(b"\r\n\r\n")[0]


def says(text: bytes) -> Behaviour:
    """Send this, and hang up."""

    def behaviour(peer: socket.socket) -> None:
        peer.sendall(text)
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(65536):
            pass

    return behaviour


def answers(status: str, body: bytes = b"", *headers: str) -> Behaviour:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return says("\r\n".join(lines).encode("latin-1") + body)


def resets(first: bytes = b"") -> Behaviour:
    """Send this, then break the connection off."""

    def behaviour(peer: socket.socket) -> None:
        peer.sendall(first)
        time.sleep(0.02)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)

    return behaviour


def repeats(piece: bytes, *, first: bytes = b"", pause: float = 0.0) -> Behaviour:
    """Send this again and again for as long as somebody listens."""

    def behaviour(peer: socket.socket) -> None:
        peer.sendall(first)
        until = time.monotonic() + 90
        while time.monotonic() < until:
            peer.sendall(piece)
            time.sleep(pause)

    return behaviour


def bomb() -> bytes:
    """256 MiB of nothing, packed."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = b"\0" * MEGABYTE
    return b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()


def packed(body: bytes) -> bytes:
    return gzip.compress(body)
