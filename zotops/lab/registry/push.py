"""Writing manifests, and deleting them and blobs."""

from http import HTTPStatus

from zotops.lab.registry.blobs import Blobs
from zotops.lab.registry.digests import is_digest, is_tag, looks_like_digest
from zotops.lab.registry.exchange import BodyTooLarge, Reply, nothing
from zotops.lab.registry.images import BadManifest, Images, ManifestInUse, UnknownManifest, accepted
from zotops.lab.registry.layout import UnknownRepository
from zotops.lab.registry.refusals import Refused, refused
from zotops.lab.registry.visit import Visit

LONGEST_MANIFEST = 4 << 20
MOST_TAGS = 46


class Pushes:
    """Handlers that write; whether the caller may was decided before."""

    def __init__(self, *, images: Images, blobs: Blobs, docker_manifests: bool) -> None:
        self._images, self._blobs, self._docker = images, blobs, docker_manifests

    def put_manifest(self, visit: Visit) -> Reply:
        """Store a manifest by tag, by digest, or by digest under several tags."""
        reference, media_type = visit.reference, visit.request.header("content-type")
        if looks_like_digest(reference):
            return refused(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", reference=reference)
        if not accepted(media_type, docker=self._docker):
            return refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "MANIFEST_INVALID", mediaType=media_type)
        tags = asked_tags(visit)
        try:
            content = visit.request.body.read(limit=LONGEST_MANIFEST)
            digest = self._images.put(visit.repository, reference, media_type=media_type, content=content, tags=tags)
        except BodyTooLarge:
            return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "MANIFEST_INVALID", reason="too large")
        except BadManifest:
            return refused(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", reference=reference)
        location = ("Location", f"/v2/{visit.repository}/manifests/{digest}")
        named = [("OCI-Tag", tag) for tag in tags]
        return nothing(HTTPStatus.CREATED, location, ("Docker-Content-Digest", digest), *named)

    def delete_manifest(self, visit: Visit) -> Reply:
        """Delete a tag, or a manifest with all its tags."""
        try:
            self._images.get(visit.repository, visit.reference)
            self._images.remove(visit.repository, visit.reference)
        except UnknownRepository:
            return refused(HTTPStatus.BAD_REQUEST, "NAME_UNKNOWN", name=visit.repository)
        except UnknownManifest:
            return refused(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", reference=visit.reference)
        except ManifestInUse:
            return refused(HTTPStatus.METHOD_NOT_ALLOWED, "DENIED", reference=visit.reference)
        return nothing(HTTPStatus.ACCEPTED)

    def delete_blob(self, visit: Visit) -> Reply:
        """Delete a blob that no manifest needs."""
        digest = visit.names["digest"]
        if not is_digest(digest):
            return nothing(HTTPStatus.NOT_FOUND)
        if not self._blobs.has(visit.repository, digest):
            return refused(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN", digest=digest)
        if not self._blobs.remove(visit.repository, digest):
            return refused(HTTPStatus.METHOD_NOT_ALLOWED, "DENIED", digest=digest)
        return nothing(HTTPStatus.ACCEPTED)


def asked_tags(visit: Visit) -> list[str]:
    """The tags that a push by digest asks for; refused when they are too many, malformed, or beside a tag."""
    asked = visit.request.query.get("tag", [])
    if len(asked) > MOST_TAGS:
        raise Refused(refused(HTTPStatus.REQUEST_URI_TOO_LONG, "MANIFEST_INVALID", reason="too many tags"))
    tags = list(dict.fromkeys(tag.strip() for tag in asked))
    if not all(is_tag(tag) for tag in tags) or (tags and not is_digest(visit.reference)):
        raise Refused(refused(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", reason="tag query parameters"))
    return tags
