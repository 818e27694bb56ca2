"""The client side of pull-through: reads one repository of another registry."""

import json
from dataclasses import dataclass
from typing import Any

from zotops.lab.registry.blobs import OCI_INDEX, OCI_MANIFEST
from zotops.lab.registry.digests import digest_of
from zotops.lab.registry.images import DOCKER_LIST, DOCKER_MANIFEST
from zotops.lab.registry.outside import Unreachable, ask

WANTED = {"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}, {DOCKER_MANIFEST}, {DOCKER_LIST}"}


class NotThere(Exception):
    """The upstream does not have it, or does not show it."""


@dataclass(frozen=True, kw_only=True)
class RemoteManifest:
    """A manifest as the upstream sent it."""

    digest: str
    media_type: str
    content: bytes

    def document(self) -> dict[str, Any]:
        """The manifest as an object; ValueError when it is none."""
        value = json.loads(self.content)
        if not isinstance(value, dict):
            raise ValueError("not an object")  # noqa: TRY004  # one exception for all that is no object
        return value


@dataclass(frozen=True)
class Remote:
    """One repository at one address; Unreachable from every method without an answer."""

    url: str
    name: str

    def digest(self, reference: str) -> str:
        """The digest of a manifest, by one HEAD; NotThere."""
        answer = ask("HEAD", self._at("manifests", reference), headers=WANTED)
        self._judge(answer.status)
        return answer.headers.get("docker-content-digest") or self.manifest(reference).digest

    def manifest(self, reference: str) -> RemoteManifest:
        """A manifest by tag or digest; NotThere."""
        answer = ask("GET", self._at("manifests", reference), headers=WANTED)
        self._judge(answer.status)
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        return RemoteManifest(digest=digest_of(answer.content), media_type=media_type, content=answer.content)

    def blob(self, digest: str) -> bytes:
        """A blob's content; NotThere."""
        answer = ask("GET", self._at("blobs", digest))
        self._judge(answer.status)
        return answer.content

    def has_referrers(self, digest: str) -> bool:
        """Whether the upstream answers the question what refers to a manifest."""
        try:
            return ask("GET", self._at("referrers", digest)).status < 400  # noqa: PLR2004  # no refusal
        except Unreachable:
            return False

    def _at(self, kind: str, reference: str) -> str:
        return f"{self.url.rstrip('/')}/v2/{self.name}/{kind}/{reference}"

    def _judge(self, status: int) -> None:
        if status >= 500:  # noqa: PLR2004  # the server's own trouble
            raise Unreachable(f"{self.url}: {status}")
        if status >= 400:  # noqa: PLR2004  # a refusal
            raise NotThere(f"{self.url}: {status}")
