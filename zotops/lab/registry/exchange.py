"""One HTTP request and one reply, as the handlers see them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

Pairs = tuple[tuple[str, str], ...]

JSON = "application/json"
NOT_IMPLEMENTED = "not implemented by the practice world"


class BodyTooLarge(Exception):
    """More bytes were sent than the handler takes."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """What comes after the headers; `length` is None when it is sent in chunks."""

    chunks: Callable[[], Iterator[bytes]]
    length: int | None

    def read(self, *, limit: int) -> bytes:
        """All bytes; BodyTooLarge when there are more than `limit`."""
        content = bytearray()
        for chunk in self.chunks():
            content += chunk
            if len(content) > limit:
                raise BodyTooLarge
        return bytes(content)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; header names are lower-case, a header may come several times."""

    method: str
    target: str
    headers: Mapping[str, list[str]]
    body: Body
    peer: str

    @cached_property
    def path(self) -> str:
        """The path as it was sent, still escaped."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Each parameter's values in their order, blank ones included."""
        return parse_qs(self.target.partition("?")[2], keep_blank_values=True)

    def parameter(self, name: str) -> str:
        """A parameter's first value, or nothing."""
        return self.query.get(name, [""])[0]

    def header(self, name: str) -> str:
        """A header's first value, or nothing."""
        return self.headers.get(name, [""])[0]

    @cached_property
    def cookies(self) -> dict[str, str]:
        """Cookies by name; of several with one name the first counts."""
        found: dict[str, str] = {}
        for line in self.headers.get("cookie", []):
            for part in line.split(";"):
                name, equals, value = part.strip().partition("=")
                if equals:
                    found.setdefault(name, value.strip('"'))
        return found


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A part of a file to be sent: `length` bytes from `start`."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; `slice`, if given, is sent in place of `content`, and `announced` is a length without its content."""

    status: int
    headers: Pairs = ()
    content: bytes = b""
    slice: Slice | None = None
    announced: int | None = None
    document: Mapping[str, Any] | None = field(default=None, repr=False)

    def with_headers(self, *more: tuple[str, str]) -> "Reply":
        """The same reply with further headers before its own."""
        return Reply(
            status=self.status,
            headers=more + self.headers,
            content=self.content,
            slice=self.slice,
            announced=self.announced,
            document=self.document,
        )


def nothing(status: int, *headers: tuple[str, str]) -> Reply:
    """A reply without content."""
    return Reply(status=status, headers=headers)


def text(status: int, sentence: str) -> Reply:
    """A plain text reply, in the form in which Go's net/http writes errors."""
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return Reply(status=status, headers=headers, content=sentence.encode())


def page(html: str) -> Reply:
    """An HTML page."""
    return Reply(status=HTTPStatus.OK, headers=(("Content-Type", "text/html; charset=utf-8"),), content=html.encode())


def document(status: int, value: Mapping[str, Any], *headers: tuple[str, str], media_type: str = JSON) -> Reply:
    """A JSON reply."""
    content = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Reply(status=status, headers=(("Content-Type", media_type), *headers), content=content, document=value)


def not_implemented() -> Reply:
    """The honest answer where zot can do something that its stand-in cannot."""
    return text(HTTPStatus.NOT_IMPLEMENTED, NOT_IMPLEMENTED + "\n")
