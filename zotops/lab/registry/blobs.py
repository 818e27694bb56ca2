"""Blobs: where each one is, whether it is in use, and how it comes to another repository without being sent again."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from zotops.lab.registry.layout import Layout, UnknownRepository

INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Blobs:
    """Knows which repositories hold a blob: zot links it into another one instead of asking for it again."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._holders: dict[str, set[str]] = {}
        for repository in layout.repositories():
            manifests = {one.get("digest") for one in layout.manifests(repository)}
            for digest in set(layout.blobs(repository)) - manifests:
                self.remember(repository, digest)

    def remember(self, repository: str, digest: str) -> None:
        """Note that a repository got a blob."""
        with self._layout.lock:
            self._holders.setdefault(digest, set()).add(repository)

    def readable(self, digest: str, may_read: Callable[[str], bool]) -> bool:
        """Whether the caller may read any repository that holds the blob."""
        with self._layout.lock:
            holders = list(self._holders.get(digest, ()))
        return any(may_read(repository) for repository in holders)

    def has(self, repository: str, digest: str) -> bool:
        """Whether the blob is in this very repository."""
        return self._layout.blob(repository, digest).is_file()

    def bring(self, repository: str, digest: str) -> bool:
        """Whether the repository has the blob now; links it from another one, which makes the repository."""
        with self._layout.lock:
            target = self._layout.blob(repository, digest)
            if target.is_file():
                return True
            for holder in sorted(self._holders.get(digest, ())):
                source = self._layout.blob(holder, digest)
                if source.is_file():
                    self._layout.create(repository)
                    target.parent.mkdir(exist_ok=True)
                    os.link(source, target)
                    self.remember(repository, digest)
                    return True
        return False

    def remove(self, repository: str, digest: str) -> bool:
        """Delete a blob that nothing refers to; False when something does."""
        with self._layout.lock:
            if self._in_use(repository, digest):
                return False
            self._layout.blob(repository, digest).unlink(missing_ok=True)
            self._holders.get(digest, set()).discard(repository)
        return True

    def media_type(self, repository: str, digest: str) -> str:
        """What the repository's manifests call the blob."""
        with suppress(UnknownRepository):
            for one in self._described(repository, self._layout.manifests(repository)):
                kind = one.get("mediaType")
                if one.get("digest") == digest and isinstance(kind, str) and "/" in kind:
                    return kind
        return "application/octet-stream"

    def _in_use(self, repository: str, digest: str) -> bool:
        with suppress(UnknownRepository):
            described = self._described(repository, self._layout.manifests(repository))
            return any(one.get("digest") == digest for one in described)
        return False

    def _described(self, repository: str, descriptors: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The descriptors and all that they refer to."""
        for one in descriptors:
            yield one
            content = self._layout.read_json(repository, one.get("digest", ""))
            if one.get("mediaType") == OCI_INDEX:
                yield from self._described(repository, content.get("manifests") or [])
            elif one.get("mediaType") == OCI_MANIFEST:
                yield from [part for part in (content.get("config"), *(content.get("layers") or [])) if part]
