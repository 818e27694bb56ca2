"""The client side of pull-through: reads one repository of another registry."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from zotops.lab.registry.backoff import Backoff
from zotops.lab.registry.blobs import OCI_INDEX, OCI_MANIFEST
from zotops.lab.registry.digests import digest_of
from zotops.lab.registry.images import DOCKER_LIST, DOCKER_MANIFEST
from zotops.lab.registry.outside import Answer, Unreachable, ask

WANTED = {"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}, {DOCKER_MANIFEST}, {DOCKER_LIST}"}


class NotThere(Exception):
    """The upstream does not have it, or does not show it."""


@dataclass(frozen=True, kw_only=True)
class RemoteManifest:
    """A manifest; `parts` are those of an index that are known already, by digest."""

    digest: str
    media_type: str
    content: bytes
    parts: "Mapping[str, RemoteManifest]" = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The manifest as an object; ValueError when it is none."""
        value = json.loads(self.content)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value


@dataclass(frozen=True)
class Remote:
    """One repository at one address; Unreachable from every method without an answer."""

    url: str
    name: str
    backoff: Backoff

    def digest(self, reference: str) -> str:
        """The digest of a manifest, by one HEAD; NotThere."""
        answer = self._ask("HEAD", "manifests", reference)
        return answer.headers.get("docker-content-digest") or self.manifest(reference).digest

    def manifest(self, reference: str) -> RemoteManifest:
        """A manifest by tag or digest; NotThere."""
        answer = self._ask("GET", "manifests", reference)
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        return RemoteManifest(digest=digest_of(answer.content), media_type=media_type, content=answer.content)

    def blob(self, digest: str) -> bytes:
        """A blob's content; NotThere."""
        return self._ask("GET", "blobs", digest).content

    def has_referrers(self, digest: str) -> bool:
        """Whether anything refers to a manifest; asks as zot does, by the tags, the list and the tag in its place."""
        with suppress(Unreachable, NotThere, ValueError):
            self._ask("GET", "tags", "list")
            try:
                answer = self._ask("GET", "referrers", digest)
            except NotThere:
                answer = self._ask("GET", "manifests", digest.replace(":", "-"))
            return bool(answer.document().get("manifests"))
        return False

    def _ask(self, method: str, kind: str, reference: str) -> Answer:
        url = f"{self.url.rstrip('/')}/v2/{self.name}/{kind}/{reference}"
        return self.backoff.call(lambda: judged(ask(method, url, headers=WANTED)))


def judged(answer: Answer) -> Answer:
    """The answer; NotThere for a refusal, Unreachable when the server is in trouble itself."""
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"{answer.status}")
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise NotThere(f"{answer.status}")
    return answer
