"""A server on loopback that answers by path: well, late, in drops, half, or not at all."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

COOKIE = "session-0123456789abcdef"


class Answers(BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was asked."""

    asked: ClassVar[list[tuple[str, str, Mapping[str, str], bytes]]] = []
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, dict(self.headers), body))
        answer: Callable[[], None] = getattr(self, f"answer_{self.path.strip('/').split('?')[0]}", self.answer_plain)
        with suppress(BrokenPipeError, ConnectionResetError):
            answer()

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = handle_any

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_plain(self) -> None:
        self.say(200, b"hello")

    def answer_refused(self) -> None:
        self.say(401, b'{"errors":[]}', WWW_Authenticate="Basic", Content_Type="application/json")

    def answer_moved(self) -> None:
        self.say(302, b"", Location="/plain")

    def answer_cookie(self) -> None:
        self.say(200, b"", Set_Cookie=f'session="{COOKIE}"; Path=/')

    def answer_zipped(self) -> None:
        self.say(200, gzip.compress(b"hello"), Content_Encoding="gzip")

    def answer_endless(self) -> None:
        self.say(200, b"x" * (9 * 1024 * 1024))

    def answer_late(self) -> None:
        time.sleep(5.0)
        self.say(200, b"late")

    def answer_trickle(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def answer_drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            self.wfile.write(f"X-{number}: x\r\n".encode())
            self.wfile.flush()
            time.sleep(0.1)

    def answer_cutoff(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def answer_noise(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        self.close_connection = True

    def answer_hangup(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


class Server(ThreadingHTTPServer):
    """A client that goes away is nothing to report."""

    def handle_error(self, *_: object) -> None:
        return
