"""Requests that the registry itself makes: to the identity provider and to upstream registries."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 30.0
"""Seconds after which zot gives up on a provider that accepts the connection but never answers."""
MOST_REDIRECTS = 5


class Unreachable(Exception):
    """No answer came."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def document(self) -> dict[str, Any]:
        """The content as a JSON object; ValueError when it is none."""
        value = json.loads(self.content)
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        return value


def ask(method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None) -> Answer:
    """Send a request and follow redirects of a GET or HEAD; Unreachable without an answer."""
    for _ in range(MOST_REDIRECTS):
        answer = _ask_once(method, url, headers or {}, content)
        location = answer.headers.get("location", "")
        if method not in {"GET", "HEAD"} or answer.status not in {301, 302, 303, 307, 308} or not location:
            return answer
        url = location if "://" in location else "{0.scheme}://{0.netloc}".format(urlsplit(url)) + location
    raise Unreachable(f"{method} {url}: too many redirects")


def _ask_once(method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Answer:
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.netloc, timeout=PATIENCE, context=context)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=content, headers={"User-Agent": "zot", **headers})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found, content=response.read())
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{method} {url}: {error}") from error
    finally:
        connection.close()
