"""A registry in memory that really takes what is pushed, as the door that leads to it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from zotops.systems.zot import digest_of
from zotops.world import Headers, Reply

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
BASIC = {"WWW-Authenticate": 'Basic realm="zot"'}
Answer = tuple[int, bytes] | tuple[int, bytes, Mapping[str, str]]
UNKNOWN: Answer = 404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}'
NAMED = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>manifests|blobs|tags)/(?P<rest>.+)")


@dataclass
class Shelf:
    """Whoever has a credential may do everything. `says`: other answers, by a pattern of `METHOD PATH`.

    `changes`: what becomes of an answer on its way to who asked.
    """

    says: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    sent: bytes = b""
    seen: list[str] = field(default_factory=list)
    changes: Callable[[Reply], Reply] = lambda reply: reply

    def send(self, method: str, url: str, **given: Any) -> Reply:
        """As Http.send."""
        parts, headers, body = urlsplit(url), given.get("headers") or {}, given.get("body", b"")
        asked = f"{method} {parts.path}" + (f"?{parts.query}" if parts.query else "")
        self.seen.append(asked)
        told = next((answer for pattern, answer in self.says.items() if re.search(pattern, asked)), None)
        if told:
            return self.changes(Reply(method=method, url=url, status=told[0], body=told[1]))
        refused = method in WRITES and "Authorization" not in headers
        found = (401, b"") if refused else self._answer(method, parts.path, parse_qs(parts.query), body)
        status, content, more = (*found, {})[:3]
        pairs = tuple({**BASIC, **more}.items())
        return self.changes(Reply(method=method, url=url, status=status, headers=Headers(pairs), body=content))

    def keep(self, repository: str, tag: str, manifest: bytes, *blobs: bytes) -> None:
        """Put an image there."""
        self.manifests |= {(repository, tag): manifest, (repository, digest_of(manifest)): manifest}
        self.blobs |= {digest_of(blob): blob for blob in blobs}

    def tags(self, repository: str) -> list[str]:
        return [name for at, name in self.manifests if at == repository and not name.startswith("sha256:")]

    def _answer(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> Answer:
        if path == "/v2/_catalog":
            return 200, json.dumps({"repositories": sorted({at for at, _ in self.manifests})}).encode()
        found = NAMED.match(path)
        if found is None:
            return 200, b""
        name, kind, rest = found["name"], found["kind"], found["rest"]
        if kind == "tags":
            return (200, json.dumps({"tags": self.tags(name)}).encode()) if self.tags(name) else UNKNOWN
        if kind == "manifests":
            return self._manifest(method, name, rest, body)
        if rest.startswith("uploads/"):
            return self._upload(method, path, query, body)
        return (200, self.blobs[rest]) if rest in self.blobs else UNKNOWN

    def _manifest(self, method: str, name: str, reference: str, body: bytes) -> Answer:
        if method == "PUT":
            self.keep(name, reference, body)
            return 201, b""
        there = self.manifests.get((name, reference))
        if there is not None and method == "DELETE":
            self.manifests = {place: kept for place, kept in self.manifests.items() if kept != there}
            return 202, b""
        return UNKNOWN if there is None else (200, there)

    def _upload(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> Answer:
        if method == "PUT":
            self.blobs[query["digest"][0]] = self.sent + body
            self.sent = b""
            return 201, b""
        self.sent += body
        return 202, b"", {"Location": path}
