"""Reading: manifests, blobs, and referrers."""

import re
from http import HTTPStatus

from zotops.lab.registry.blobs import OCI_INDEX, OCI_MANIFEST, Blobs
from zotops.lab.registry.digests import is_digest
from zotops.lab.registry.exchange import Reply, Slice, document, not_implemented, nothing
from zotops.lab.registry.images import Images, Manifest, UnknownManifest
from zotops.lab.registry.layout import Layout, UnknownRepository
from zotops.lab.registry.refusals import refused
from zotops.lab.registry.sync import Mirror
from zotops.lab.registry.visit import Visit

ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Pulls:
    """Handlers that read. With a mirror, what is missing or may have moved is asked upstream first."""

    def __init__(self, *, layout: Layout, blobs: Blobs, mirror: Mirror | None) -> None:
        self._layout, self._blobs, self._mirror = layout, blobs, mirror
        self._images = Images(layout, blobs)

    def manifest(self, visit: Visit) -> Reply:
        """A manifest by tag or digest; also for HEAD."""
        try:
            found = self._find(visit.repository, visit.reference)
        except UnknownRepository:
            return refused(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN", name=visit.repository)
        except UnknownManifest:
            return refused(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", reference=visit.reference)
        headers = (("Docker-Content-Digest", found.digest), ("Content-Type", found.media_type))
        return Reply(status=HTTPStatus.OK, headers=headers, content=found.content)

    def check_blob(self, visit: Visit) -> Reply:
        """HEAD of a blob. One that the caller may read anywhere is linked here, which makes the repository."""
        digest = visit.names["digest"]
        if not is_digest(digest):
            return nothing(HTTPStatus.INTERNAL_SERVER_ERROR)  # zot's own answer to a HEAD; its GET says 400
        if self._blobs.readable(digest, visit.rights.sees):
            self._blobs.bring(visit.repository, digest)
        if not self._blobs.has(visit.repository, digest):
            return self._unknown(digest)
        size = self._layout.blob(visit.repository, digest).stat().st_size
        headers = (*self._headers(visit.repository, digest), ("Accept-Ranges", "bytes"))
        return Reply(status=HTTPStatus.OK, headers=headers, announced=size)

    def blob(self, visit: Visit) -> Reply:
        """A blob, whole or one range of it."""
        digest, ranged = visit.names["digest"], visit.request.header("range")
        if not is_digest(digest):
            return refused(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", digest=digest)
        if "," in ranged:
            return not_implemented()
        if ranged:
            self._blobs.bring(visit.repository, digest)
        if not self._blobs.has(visit.repository, digest):
            return self._unknown(digest)
        file = self._layout.blob(visit.repository, digest)
        size = file.stat().st_size
        headers = self._headers(visit.repository, digest)
        if not ranged:
            return Reply(status=HTTPStatus.OK, headers=headers, slice=Slice(path=file, start=0, length=size))
        part = byte_range(ranged, size)
        if part is None:
            return nothing(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, ("Content-Range", f"bytes */{size}"))
        first, last = part
        headers = (*headers, ("Content-Range", f"bytes {first}-{last}/{size}"))
        piece = Slice(path=file, start=first, length=last - first + 1)
        return Reply(status=HTTPStatus.PARTIAL_CONTENT, headers=headers, slice=piece)

    def referrers(self, visit: Visit) -> Reply:
        """What refers to a manifest."""
        digest, kinds = visit.names["digest"], visit.request.query.get("artifactType", [])
        if not is_digest(digest):
            return nothing(HTTPStatus.BAD_REQUEST)
        if self._mirror is not None and self._mirror.has_referrers(visit.repository, digest):
            return not_implemented()
        applied = [("OCI-Filters-Applied", "artifactType")] if kinds else []
        index = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": self._referring(visit.repository, digest, kinds),
        }
        return document(HTTPStatus.OK, index, *applied, media_type=OCI_INDEX)

    def _find(self, repository: str, reference: str) -> Manifest:
        if self._mirror is not None:
            if is_digest(reference):
                try:
                    return self._images.get(repository, reference)
                except (UnknownRepository, UnknownManifest):
                    self._mirror.fetch(repository, reference)
            else:
                self._mirror.fetch(repository, reference)
        return self._images.get(repository, reference)

    def _referring(self, repository: str, digest: str, kinds: list[str]) -> list[dict[str, object]]:
        found: dict[str, dict[str, object]] = {}
        try:
            manifests = self._layout.manifests(repository)
        except UnknownRepository:
            return []
        for one in manifests:
            content = self._layout.read_json(repository, one["digest"])
            if one["mediaType"] in {OCI_INDEX, OCI_MANIFEST} and (content.get("subject") or {}).get("digest") == digest:
                kind = content.get("artifactType") or (content.get("config") or {}).get("mediaType") or ""
                if not kinds or kind in kinds:
                    described = {key: one[key] for key in ("mediaType", "digest", "size")} | {"artifactType": kind}
                    extra = {"annotations": content["annotations"]} if content.get("annotations") else {}
                    found[one["digest"]] = described | extra
        return list(found.values())

    def _headers(self, repository: str, digest: str) -> tuple[tuple[str, str], ...]:
        return ("Docker-Content-Digest", digest), ("Content-Type", self._blobs.media_type(repository, digest))

    def _unknown(self, digest: str) -> Reply:
        return refused(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN", digest=digest)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of one range (RFC 9110 section 14.1.2); None when it cannot be satisfied."""
    match = ONE_RANGE.fullmatch(header.strip())
    if match is None or not size or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return (max(size - int(match[2]), 0), size - 1) if int(match[2]) else None
    first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    return (first, last) if first <= last else None
