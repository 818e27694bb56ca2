"""Pull-through: an image asked for here is fetched from the upstream registry that its name belongs to."""

import threading
import time
from contextlib import suppress

from zotops.lab.registry.blobs import INDEXES, OCI_INDEX, OCI_MANIFEST, Blobs
from zotops.lab.registry.conversion import as_oci
from zotops.lab.registry.digests import is_digest
from zotops.lab.registry.images import BadManifest, Images, accepted
from zotops.lab.registry.layout import Layout, UnknownRepository
from zotops.lab.registry.outside import Unreachable
from zotops.lab.registry.patterns import matches
from zotops.lab.registry.settings import Content, Upstream
from zotops.lab.registry.uploads import OtherDigest, Uploads
from zotops.lab.registry.upstream import NotThere, Remote, RemoteManifest

RETRYING = 3.1
"""Seconds that zot's client spends on retries when an upstream does not answer."""


class ReferrersFailed(Exception):
    """The upstream could not say what refers to a manifest, and zot answers 500."""


class Mirror:
    """All upstream registries that are asked on demand."""

    def __init__(
        self, *, upstreams: tuple[Upstream, ...], layout: Layout, blobs: Blobs, docker_manifests: bool
    ) -> None:
        self._upstreams, self._layout, self._blobs = upstreams, layout, blobs
        self._docker = docker_manifests
        self._images, self._uploads = Images(layout, blobs), Uploads(layout, blobs)
        self._running: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()
        self._converted: dict[str, str] = {}

    def fetch(self, repository: str, reference: str) -> None:
        """Bring an image up to date if an upstream has it; whatever goes wrong, what is here stays as it is."""
        with self._lock:
            running = self._running.setdefault((repository, reference), threading.Lock())
        with running:
            for upstream in self._upstreams:
                name = upstream_name(upstream, repository)
                if name is None:
                    continue
                with suppress(NotThere, BadManifest, OtherDigest, UnknownRepository, ValueError, KeyError):
                    try:
                        self._bring(upstream, name, repository, reference)
                    except Unreachable:
                        time.sleep(RETRYING * self._times(repository, reference))
                        continue
                    return

    def ask_for_referrers(self, repository: str, digest: str) -> None:
        """Ask upstream what refers to a manifest; ReferrersFailed where the upstream has no such list."""
        for upstream in self._upstreams:
            name = upstream_name(upstream, repository)
            if name is not None and not Remote(upstream.urls[0], name).has_referrers(digest):
                raise ReferrersFailed

    def _times(self, repository: str, reference: str) -> int:
        """How many rounds of retries zot makes: one for a cached tag, two for another one, four for a new name."""
        try:
            return 1 if reference in self._layout.tags(repository) else 2
        except UnknownRepository:
            return 4

    def _bring(self, upstream: Upstream, name: str, repository: str, reference: str) -> None:
        remote = Remote(upstream.urls[0], name)
        digest = remote.digest(reference)
        wanted = digest if upstream.preserve_digest else self._converted.get(digest, digest)
        with suppress(UnknownRepository):
            known = (
                self._layout.manifests(repository) if is_digest(reference) else self._layout.tags(repository).values()
            )
            here = self._layout.tags(repository).get(reference, {}).get("digest")
            if wanted == here or (is_digest(reference) and wanted in {one["digest"] for one in known}):
                return
        found = remote.manifest(reference)
        if is_digest(reference):
            self._layout.create(repository)
            if not accepted(found.media_type, docker=self._docker):
                return
            self._store(remote, repository, found, reference, convert=False)
        else:
            stored = self._store(remote, repository, found, reference, convert=not upstream.preserve_digest)
            self._converted[found.digest] = stored

    def _store(self, remote: Remote, repository: str, found: RemoteManifest, reference: str, *, convert: bool) -> str:
        """Copy the parts, then the manifest itself; returns the digest under which it is here."""
        document = found.document()
        if found.media_type in INDEXES:
            for part in document["manifests"]:
                child = remote.manifest(part["digest"])
                digest = self._store(remote, repository, child, child.digest, convert=convert)
                if digest != part["digest"]:
                    part["digest"], part["mediaType"] = digest, OCI_MANIFEST
                    part["size"] = self._layout.blob(repository, digest).stat().st_size
        else:
            for part in (document["config"], *document["layers"]):
                self._copy_blob(remote, repository, part["digest"])
        content, media_type = found.content, found.media_type
        if convert and media_type not in {OCI_MANIFEST, OCI_INDEX}:
            content, media_type = as_oci(document, media_type)
            reference = reference if not is_digest(reference) else ""
        if not reference:
            return self._images.put_untagged(repository, media_type=media_type, content=content)
        return self._images.put(repository, reference, media_type=media_type, content=content, tags=[])

    def _copy_blob(self, remote: Remote, repository: str, digest: str) -> None:
        if not self._blobs.bring(repository, digest):
            session = self._uploads.start(repository)
            self._uploads.append(repository, session, [remote.blob(digest)], start=0)
            self._uploads.finish(repository, session, digest)


def upstream_name(upstream: Upstream, repository: str) -> str | None:
    """What the repository is called upstream; None when the upstream has nothing to do with it."""
    if not upstream.contents:
        return repository  # without `content` zot asks for every local name
    for content in upstream.contents:
        place, prefix = content.destination.strip("/"), content.prefix.strip("/")
        inside = _wild(prefix) if content.strip_prefix else prefix
        if matches("/".join(part for part in (place, inside) if part), repository):
            return _source(content, repository)
    return None


def _wild(prefix: str) -> str:
    """The part of a prefix from its first wildcard on."""
    parts = prefix.split("/")
    first = next((n for n, part in enumerate(parts) if any(sign in part for sign in "*?[{")), len(parts))
    return "/".join(parts[first:])


def _source(content: Content, repository: str) -> str:
    rest = repository.removeprefix(content.destination.strip("/")).strip("/")
    return f"{content.prefix.strip('/*')}/{rest}".strip("/") if content.strip_prefix else rest
