"""A reverse proxy before the registry with one bad habit, for faults that no zot shows: `proxy PORT BEHIND HABITS`."""

from __future__ import annotations

import http.client
import json
import sys
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
READING = ("GET", "HEAD", "OPTIONS")
# Between two neighbours only (RFC 9110, section 7.6.1), or counted anew.
NOT_PASSED_ON = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
HABITS = ("strips_challenge", "adds_challenge", "drops_credentials", "refuses_writes", "old_catalog", "largest_body")
PATIENCE = 200.0


class Handler(BaseHTTPRequestHandler):
    """Passes requests on and answers back, but for the proxy's habit."""

    protocol_version = "HTTP/1.1"
    behind: ClassVar[int] = 0
    habits: ClassVar[dict[str, Any]] = {}

    def relay(self) -> None:
        """One request."""
        body = self._body()
        largest = self.habits.get("largest_body")
        if largest is not None and len(body) > largest:
            return self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"413 Request Entity Too Large\n")
        if self.habits.get("refuses_writes") and self.command not in READING:
            return self._say(HTTPStatus.METHOD_NOT_ALLOWED, b"405 Method Not Allowed\n")
        # As a cache does that keeps to RFC 9111, section 3.5: not for those who send credentials.
        cached = self.path.startswith("/v2/_catalog") and "Authorization" not in self.headers
        if self.habits.get("old_catalog") and cached:
            return self._say(HTTPStatus.OK, b'{"repositories":[]}', kind="application/json")
        try:
            return self._pass_on(body)
        except (OSError, http.client.HTTPException):
            return self._say(HTTPStatus.BAD_GATEWAY, b"502 Bad Gateway\n")

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        content = self.rfile.read(size)
        self.rfile.readline()
        return content

    def _pass_on(self, body: bytes) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=PATIENCE)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in NOT_PASSED_ON and not self._dropped(name):
                    connection.putheader(name, value)
            if body or self.command not in READING:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            with suppress(ConnectionError):  # who refuses may have answered already, and reads no further
                connection.send(body)
            self._pass_back(connection.getresponse())
        finally:
            connection.close()

    def _dropped(self, name: str) -> bool:
        return name.lower() == "authorization" and bool(self.habits.get("drops_credentials"))

    def _pass_back(self, answer: http.client.HTTPResponse) -> None:
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            stripped = name.lower() == "www-authenticate" and self.habits.get("strips_challenge")
            if name.lower() not in NOT_PASSED_ON and not stripped:
                self.send_header(name, value)
        if self.habits.get("adds_challenge") and self.path == "/v2/" and not answer.headers.get("WWW-Authenticate"):
            self.send_header("WWW-Authenticate", 'Basic realm="zot"')
        length = answer.headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        if answer.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    def _say(self, status: HTTPStatus, content: bytes, *, kind: str = "text/plain") -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep no log: it would hold nothing but the requests' paths."""


for method in METHODS:
    setattr(Handler, f"do_{method}", Handler.relay)


class Proxy(ThreadingHTTPServer):
    """One thread for each connection."""

    daemon_threads = True
    # Those who look open 32 connections at once; with the library's queue of 5 some would wait a second or more.
    request_queue_size = 128

    def handle_error(self, _request: object, _address: object) -> None:
        """A client that went away is no error."""


def main() -> None:
    """Be the proxy until a signal ends it."""
    port, behind, habits = sys.argv[1:]
    Handler.behind, Handler.habits = int(behind), json.loads(habits)
    if unknown := set(Handler.habits) - set(HABITS):
        sys.exit(f"no such habit: {', '.join(sorted(unknown))}; there are {', '.join(HABITS)}")
    Proxy(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
