"""Pull-through: an image asked for here is fetched from the upstream registry that its name belongs to."""

import threading
from contextlib import suppress

from zotops.lab.registry.backoff import Backoff
from zotops.lab.registry.blobs import INDEXES, OCI_INDEX, OCI_MANIFEST, Blobs
from zotops.lab.registry.conversion import as_oci
from zotops.lab.registry.digests import digest_of, is_digest
from zotops.lab.registry.images import BadManifest, Images, accepted
from zotops.lab.registry.layout import Layout, UnknownRepository
from zotops.lab.registry.outside import Unreachable
from zotops.lab.registry.patterns import matches
from zotops.lab.registry.settings import Content, Upstream
from zotops.lab.registry.uploads import OtherDigest, Uploads
from zotops.lab.registry.upstream import NotThere, Remote, RemoteManifest


class Mirror:
    """All upstream registries that are asked on demand."""

    def __init__(
        self, *, upstreams: tuple[Upstream, ...], layout: Layout, blobs: Blobs, docker_manifests: bool
    ) -> None:
        self._upstreams, self._layout, self._blobs = upstreams, layout, blobs
        self._docker = docker_manifests
        self._images, self._uploads = Images(layout, blobs), Uploads(layout, blobs)
        self._running: dict[tuple[str, str], threading.Lock] = {}
        self._backoffs: dict[tuple[str, ...], Backoff] = {}
        self._lock = threading.Lock()

    def fetch(self, repository: str, reference: str) -> None:
        """Bring an image up to date if an upstream has it; whatever goes wrong, what is here stays as it is."""
        with self._lock:
            running = self._running.setdefault((repository, reference), threading.Lock())
        with running:
            for upstream in self._upstreams:
                name = upstream_name(upstream, repository)
                if name is None:
                    continue
                with suppress(Unreachable, NotThere, BadManifest, OtherDigest, UnknownRepository, ValueError, KeyError):
                    self._bring(upstream, name, repository, reference)
                    return

    def has_referrers(self, repository: str, digest: str) -> bool:
        """Whether an upstream says that something refers to a manifest; it would have to be fetched."""
        asked = ((upstream, upstream_name(upstream, repository)) for upstream in self._upstreams)
        return any(self._remote(one, name).has_referrers(digest) for one, name in asked if name is not None)

    def _remote(self, upstream: Upstream, name: str) -> Remote:
        with self._lock:
            backoff = self._backoffs.setdefault(upstream.urls, Backoff())
        return Remote(upstream.urls[0], name, backoff)

    def _bring(self, upstream: Upstream, name: str, repository: str, reference: str) -> None:
        remote = self._remote(upstream, name)
        if is_digest(reference):
            self._keep_original(remote, repository, remote.manifest(reference))
            return
        here = self._tagged(repository, reference)
        if upstream.preserve_digest:
            if remote.digest(reference) != here:
                self._store(remote, repository, remote.manifest(reference), reference)
            return
        found = self._as_oci(remote, remote.manifest(reference))
        if found.digest != here:
            self._store(remote, repository, found, reference)

    def _tagged(self, repository: str, tag: str) -> str | None:
        with suppress(UnknownRepository):
            return self._layout.tags(repository).get(tag, {}).get("digest")
        return None

    def _keep_original(self, remote: Remote, repository: str, found: RemoteManifest) -> None:
        """Store a manifest that was asked for by digest; a Docker one only where the configuration takes it."""
        self._layout.create(repository)
        if accepted(found.media_type, docker=self._docker):
            self._store(remote, repository, found, found.digest)

    def _as_oci(self, remote: Remote, found: RemoteManifest) -> RemoteManifest:
        """The manifest as it will be kept: converted from Docker's form, an index with all its parts."""
        if found.media_type in {OCI_MANIFEST, OCI_INDEX}:
            return found
        document, parts = found.document(), {}
        for part in document.get("manifests", []):
            child = self._as_oci(remote, remote.manifest(part["digest"]))
            parts[child.digest] = child
            part.update(digest=child.digest, size=len(child.content), mediaType=child.media_type)
        content, media_type = as_oci(document, found.media_type)
        return RemoteManifest(digest=digest_of(content), media_type=media_type, content=content, parts=parts)

    def _store(self, remote: Remote, repository: str, found: RemoteManifest, reference: str) -> None:
        """Copy all parts, then the manifest itself."""
        document = found.document()
        if found.media_type in INDEXES:
            for part in document["manifests"]:
                child = found.parts.get(part["digest"]) or remote.manifest(part["digest"])
                self._store(remote, repository, child, child.digest)
        else:
            for part in (document["config"], *document["layers"]):
                self._copy_blob(remote, repository, part["digest"])
        self._images.put(repository, reference, media_type=found.media_type, content=found.content, tags=[])

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
            return _source(content, repository) or None
    return None


def _wild(prefix: str) -> str:
    """The part of a prefix from its first wildcard on."""
    parts = prefix.split("/")
    first = next((n for n, part in enumerate(parts) if any(sign in part for sign in "*?[{")), len(parts))
    return "/".join(parts[first:])


def _source(content: Content, repository: str) -> str:
    rest = repository.removeprefix(content.destination.strip("/")).strip("/")
    return f"{content.prefix.strip('/*')}/{rest}".strip("/") if content.strip_prefix else rest
