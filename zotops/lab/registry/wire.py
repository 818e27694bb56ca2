"""HTTP/1.1 on plain sockets, one thread per connection, keep-alive; small, because it has to start at once."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from io import BufferedReader

from zotops.lab.registry.exchange import Body, Reply, Request
from zotops.lab.registry.moments import http_date

Answer = Callable[[Request], Reply]

PIECE = 1 << 16
LONGEST_LINE = 1 << 16
MOST_DRAINED = 1 << 18
"""An unread body up to this size is read away so that the connection can go on (Go's net/http does the same)."""
WITHOUT_CONTENT = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class BrokenRequest(Exception):
    """The peer did not speak HTTP, or stopped in the middle."""


class Incoming:
    """A request's content on the connection: read at most once, drained before the next request."""

    def __init__(self, reader: BufferedReader, headers: dict[str, list[str]], go_ahead: Callable[[], None]) -> None:
        self._reader, self._go_ahead = reader, go_ahead
        self.chunked = "chunked" in headers.get("transfer-encoding", [""])[0].lower()
        length = headers.get("content-length", ["0"])[0]
        if not length.isdigit():
            raise BrokenRequest
        self.length = None if self.chunked else int(length)
        self._left = self.length or 0
        self._pieces = self._chunks() if self.chunked else self._plain()

    def pieces(self) -> Iterator[bytes]:
        """The content from where reading stopped last."""
        self._go_ahead()
        return self._pieces

    def drained(self) -> bool:
        """Read away what no handler wanted; False when it is too much and the connection has to end."""
        if not self.chunked and self._left > MOST_DRAINED:
            return False
        taken = 0
        for piece in self._pieces:
            taken += len(piece)
            if taken > MOST_DRAINED:
                return False
        return True

    def _plain(self) -> Iterator[bytes]:
        while self._left:
            piece = self._reader.read(min(self._left, PIECE))
            if not piece:
                raise BrokenRequest
            self._left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._reader.readline(LONGEST_LINE).split(b";")[0] or b"x", 16):
            while size:
                piece = self._reader.read(min(size, PIECE))
                if not piece:
                    raise BrokenRequest
                size -= len(piece)
                yield piece
            self._reader.readline(LONGEST_LINE)
        while self._reader.readline(LONGEST_LINE).strip():
            pass


class Connection:
    """One peer: reads its requests in turn and sends the answers."""

    def __init__(self, peer: socket.socket, address: str, answer: Answer, busy: "Busy") -> None:
        self._socket, self._address, self._answer, self._busy = peer, address, answer, busy

    def converse(self) -> None:
        """Answer until the peer leaves or one side wants to close."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._socket, self._socket.makefile("rb") as reader, suppress(BrokenRequest, OSError, ValueError):
            while self._exchange(reader):
                pass

    def _exchange(self, reader: BufferedReader) -> bool:
        line = reader.readline(LONGEST_LINE)
        if not line:
            return False
        method, target, version = line.decode("latin-1").split()
        headers = read_headers(reader)
        with self._busy:
            incoming = Incoming(reader, headers, lambda: self._go_ahead(headers))
            body = Body(chunks=incoming.pieces, length=incoming.length)
            request = Request(method=method, target=target, headers=headers, body=body, peer=self._address)
            reply = self._answer(request)
            wants_end = "close" in headers.get("connection", [""])[0].lower() or version == "HTTP/1.0"
            stays = not wants_end and "expect" not in headers and incoming.drained()
            self._send(reply, with_content=method != "HEAD", stays=stays)
        return stays

    def _go_ahead(self, headers: dict[str, list[str]]) -> None:
        if headers.pop("expect", None):
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _send(self, reply: Reply, *, with_content: bool, stays: bool) -> None:
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        lines.append(f"Date: {http_date()}")
        length = reply.slice.length if reply.slice else len(reply.content)
        if reply.status not in WITHOUT_CONTENT:
            lines.append(f"Content-Length: {length if reply.announced is None else reply.announced}")
        if not stays:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode()
        if reply.slice is None or not with_content:
            self._socket.sendall(head + (reply.content if with_content else b""))
            return
        with reply.slice.path.open("rb") as file:
            self._socket.sendall(head)
            if reply.slice.length:
                self._socket.sendfile(file, reply.slice.start, reply.slice.length)


def read_headers(reader: BufferedReader) -> dict[str, list[str]]:
    """Header lines up to the empty one; names in lower case."""
    headers: dict[str, list[str]] = {}
    while line := reader.readline(LONGEST_LINE).decode("latin-1").strip("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            raise BrokenRequest
        headers.setdefault(name.lower(), []).append(value.strip())
    return headers


class Busy:
    """Counts the requests being answered, so that an end can wait for them."""

    def __init__(self) -> None:
        self._count, self._changed = 0, threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_until_idle(self, *, seconds: float) -> None:
        """Return when nothing is being answered, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._count, seconds)


class Listener:
    """An open port; OSError from the constructor when it is taken."""

    def __init__(self, *, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.create_server((address, port), family=family, backlog=256)
        self._busy = Busy()

    @property
    def port(self) -> int:
        """The port that was opened, also when any was asked for."""
        return int(self._socket.getsockname()[1])

    def accept_in_background(self, answer: Answer) -> None:
        """Answer each connection in a thread of its own."""
        threading.Thread(target=self._accept, args=(answer,), daemon=True).start()

    def _accept(self, answer: Answer) -> None:
        while True:
            try:
                peer, address = self._socket.accept()
            except OSError:
                return
            connection = Connection(peer, f"{address[0]}:{address[1]}", answer, self._busy)
            threading.Thread(target=connection.converse, daemon=True).start()

    def close(self, *, seconds: float) -> None:
        """Take no more connections and let running answers finish."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._busy.wait_until_idle(seconds=seconds)
