"""The registry's own protocol: reading, probes that leave nothing behind, and one push."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.world import Http, Reply, Secret, World

OCI, DOCKER = "application/vnd.oci.image", "application/vnd.docker.distribution.manifest"
MANIFESTS = f"{OCI}.manifest.v1+json, {OCI}.index.v1+json, {DOCKER}.v2+json, {DOCKER}.list.v2+json"
# Any digest will do where only the right to write is asked about: nothing of it is ever stored.
SOME_DIGEST = f"sha256:{hashlib.sha256(b'zotops asks, and sends nothing').hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """In whose name a request is made; `headers` are made at the last moment and never shown."""

    name: str
    headers: Mapping[str, Secret]
    holds_a_secret: bool = False


ANONYMOUS = Caller(name="nobody", headers={})
# What clients send that were given an empty secret; counts as no credential.
EMPTY_BASIC = Caller(name="nobody, with an empty secret", headers={"Authorization": Secret("Basic Og==")})


def with_key(user: str, key: Secret) -> Caller:
    """HTTP Basic with an API key."""
    pair = base64.b64encode(f"{user}:{key.reveal()}".encode()).decode()
    return Caller(name=user, headers={"Authorization": Secret(f"Basic {pair}")}, holds_a_secret=True)


def made_up_key(user: str) -> Caller:
    """A key of the right form that nobody ever made: the twin of every check that says what a key may."""
    return Caller(
        name="a made-up key",
        headers=with_key(user, Secret(f"zak_{secrets.token_hex(16)}")).headers,
    )


def unused_tag() -> str:
    """A tag that does not exist."""
    return f"zotops-unused-{secrets.token_hex(6)}"


@dataclass(frozen=True, kw_only=True)
class Zot:
    """One front door of the registry. Answers come back as they are: what a status means is for checks to say.

    Every call may raise Unreachable: no answer, or one of the 5xx that only a proxy or a broken server gives.
    `trusted`: a secret may be sent here although the door is plain http.
    """

    http: Http
    url: str
    trusted: bool = False

    def send(
        self,
        method: str,
        path: str,
        caller: Caller = ANONYMOUS,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
    ) -> Reply:
        """One request to `path`, which begins with a slash."""
        if caller.holds_a_secret and not self._may_see_secrets():
            raise Unreachable(
                f"{self.url} is plain http, so no key is sent there",
                remedy="set plain_http_is_trusted for this address in the profile, or use https",
            )
        own = {name: value.reveal() for name, value in caller.headers.items()}
        reply = self.http.send(
            method, f"{self.url}{path}", headers={**(headers or {}), **own}, body=body, timeout=timeout
        )
        if reply.status in {502, 503, 504}:
            raise Unreachable(f"{self.url} answered {reply.status}", remedy="the registry behind the proxy is down")
        return reply

    def ping(self, caller: Caller = ANONYMOUS) -> Reply:
        """`GET /v2/`: 200 when the caller is taken for somebody or nobody has to be."""
        return self.send("GET", "/v2/", caller)

    def catalog(self, caller: Caller = ANONYMOUS) -> Reply:
        """The repositories that the caller may read."""
        return self.send("GET", "/v2/_catalog", caller)

    def tags(self, repository: str, caller: Caller = ANONYMOUS) -> Reply:
        """The tags of a repository; never asks an upstream registry."""
        return self.send("GET", f"/v2/{repository}/tags/list", caller)

    def manifest(self, repository: str, reference: str, caller: Caller = ANONYMOUS, *, timeout: float = 10.0) -> Reply:
        """A manifest by tag or digest. Below a mirror's prefix an uncached tag is fetched from upstream."""
        path = f"/v2/{repository}/manifests/{reference}"
        return self.send("GET", path, caller, headers={"Accept": MANIFESTS}, timeout=timeout)

    def blob(self, repository: str, digest: str, caller: Caller = ANONYMOUS) -> Reply:
        """A blob. GET, because a HEAD can create the repository."""
        return self.send("GET", f"/v2/{repository}/blobs/{digest}", caller, timeout=60.0)

    def probe_create(self, repository: str, caller: Caller) -> Reply:
        """May the caller push a new tag? 415 yes, 401 or 403 no; nothing is written (zot 2.1.20, measured)."""
        return self._put_nothing(f"/v2/{repository}/manifests/{unused_tag()}", caller)

    def probe_create_by_digest(self, repository: str, caller: Caller) -> Reply:
        """May the caller push a new tag by a digest with `?tag=`? As `probe_create`."""
        return self._put_nothing(f"/v2/{repository}/manifests/{SOME_DIGEST}?tag={unused_tag()}", caller)

    def probe_update(self, repository: str, tag: str, caller: Caller) -> Reply:
        """May the caller overwrite this existing tag? 415 yes, 401 or 403 no; nothing is written."""
        return self._put_nothing(f"/v2/{repository}/manifests/{tag}", caller)

    def probe_move(self, repository: str, tag: str, caller: Caller) -> Reply:
        """May the caller move this existing tag by pushing a digest with `?tag=`? 415 yes, 401 or 403 no.

        A create-only user gets 415 from servers up to 2.1.18, in which the tag really moves.
        """
        return self._put_nothing(f"/v2/{repository}/manifests/{SOME_DIGEST}?tag={tag}", caller)

    def probe_delete(self, repository: str, caller: Caller) -> Reply:
        """May the caller delete? 404 (400: no such repository) yes, 401 or 403 no; there is no such tag."""
        return self.send("DELETE", f"/v2/{repository}/manifests/{unused_tag()}", caller)

    def probe_delete_manifest(self, repository: str, caller: Caller) -> Reply:
        """May the caller delete by digest? As `probe_delete`; there is no such digest."""
        return self.send("DELETE", f"/v2/{repository}/manifests/{SOME_DIGEST}", caller)

    def management(self) -> Reply:
        """What the server says about itself; 404 in builds without that extension."""
        return self.send("GET", "/v2/_zot/ext/mgmt")

    def _put_nothing(self, path: str, caller: Caller) -> Reply:
        # The media type is refused before anything is stored, but after the right to write was looked at.
        return self.send("PUT", path, caller, headers={"Content-Type": "text/plain"})

    def _may_see_secrets(self) -> bool:
        return urlsplit(self.url).scheme == "https" or self.trusted


def open_zot(world: World, profile: Profile) -> Zot:
    """The registry at its main address."""
    registry = profile.registry
    return Zot(http=world.http, url=registry.url, trusted=registry.plain_http_is_trusted)


def names_in(reply: Reply, field: str) -> tuple[str, ...]:
    """The texts in that list of an answer: `repositories` of the catalog, `tags` of a repository; null is empty."""
    answer: Any = reply.json()
    found = answer.get(field) if isinstance(answer, dict) else None
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def clock_of(reply: Reply) -> datetime | None:
    """What time it is there, to the second (RFC 9110, section 6.6.1); None when the answer does not say."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def error_code(reply: Reply) -> str:
    """The registry's own error code in a refusal; empty when the answer has none."""
    try:
        answer: Any = reply.json()
    except Unreachable:
        return ""
    first = answer
    if isinstance(answer, dict) and isinstance(answer.get("errors"), list) and answer["errors"]:
        first = answer["errors"][0]
    return str(first.get("code", "")) if isinstance(first, dict) else ""


def digest_of(content: bytes) -> str:
    """The digest of bytes, as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
