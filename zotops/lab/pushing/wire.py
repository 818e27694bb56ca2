"""Plain requests to one registry over one kept connection, and what a push may end with."""

from __future__ import annotations

import base64
import contextlib
import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

_SECONDS = 30.0


class PushError(Exception):
    """The registry did not take the image; the text is what the pushing program would print."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """User and password as a client holds them; neither shows in a repr."""

    user: str
    password: str = field(repr=False)

    def header(self) -> str:
        """The value of an Authorization header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an image goes: the registry's address, repository and tag."""

    registry: str
    repository: str
    tag: str

    @property
    def host(self) -> str:
        """Host and port, as image names carry them."""
        return urlsplit(self.registry).netloc

    def path(self, rest: str) -> str:
        """The path of something of this repository, for example `manifests/<tag>`."""
        return f"/v2/{self.repository}/{rest}"

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}:{self.tag}"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer of the registry; header names are lower case."""

    status: int
    headers: Mapping[str, str]

    @property
    def reason(self) -> str:
        """The status as Go's clients print it: `403 Forbidden`."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def asks_for_basic(self) -> bool:
        """Whether the answer carries a challenge for a user name and password."""
        return self.headers.get("www-authenticate", "").lower().startswith("basic")


class Wire:
    """One connection; sends exactly the headers that it is given and follows nothing by itself."""

    def __init__(self, connection: http.client.HTTPConnection, *, user_agent: str) -> None:
        self._connection = connection
        self._user_agent = user_agent

    def send(self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request and read its whole answer; PushError when nobody answers."""
        sent = {"User-Agent": self._user_agent, **(headers or {})}
        if method not in {"GET", "HEAD"}:
            sent["Content-Length"] = str(len(body))
        try:
            self._connection.request(method, path, body=body or None, headers=sent)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            host = f"{self._connection.host}:{self._connection.port}"
            raise PushError(f'{method} "http://{host}{path}": {error}') from error
        return Reply(status=answer.status, headers={name.lower(): value for name, value in answer.getheaders()})


@contextlib.contextmanager
def open_wire(registry: str, *, user_agent: str) -> Iterator[Wire]:
    """Connect lazily to the registry's address (plain http: the practice world is on loopback)."""
    connection = http.client.HTTPConnection(urlsplit(registry).netloc, timeout=_SECONDS)
    try:
        yield Wire(connection, user_agent=user_agent)
    finally:
        connection.close()


def location_of(reply: Reply) -> str:
    """The path (and query) at which an upload goes on; registries answer with or without their own address."""
    parts = urlsplit(reply.headers.get("location", ""))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def with_digest(path: str, digest: str) -> str:
    """The upload's path with the query that finishes it."""
    return f"{path}{'&' if '?' in path else '?'}digest={digest}"
