"""Sending blobs: uploads in pieces or at once, and mounting."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from zotops.lab.registry.blobs import Blobs
from zotops.lab.registry.digests import is_digest
from zotops.lab.registry.exchange import Reply, nothing
from zotops.lab.registry.refusals import Refused, refused
from zotops.lab.registry.uploads import OtherDigest, OutOfOrder, UnknownUpload, Uploads
from zotops.lab.registry.visit import Visit


class Uploading:
    """Handlers of uploads; whether the caller may was decided before."""

    def __init__(self, uploads: Uploads, blobs: Blobs) -> None:
        self._uploads, self._blobs = uploads, blobs

    def start(self, visit: Visit) -> Reply:
        """Begin an upload, mount a blob of another repository, or take a whole blob at once."""
        query = visit.request.query
        if "mount" in query:
            return self._mount(visit)
        if "from" in query:
            return nothing(HTTPStatus.METHOD_NOT_ALLOWED)
        return self._whole(visit) if "digest" in query else self._started(visit)

    def status(self, visit: Visit) -> Reply:
        """How much has arrived."""
        with refusing(visit):
            size = self._uploads.size(visit.repository, visit.names["session"])
        return nothing(HTTPStatus.NO_CONTENT, ("Location", visit.request.path), ("Range", f"0-{max(size - 1, 0)}"))

    def append(self, visit: Visit) -> Reply:
        """Take a piece; with Content-Range it has to begin where the last one ended."""
        session, body, start = visit.names["session"], visit.request.body, None
        if "content-length" in visit.request.headers and visit.request.header("content-range"):
            part = content_range(visit.request.header("content-range"))
            if part is None or part[1] - part[0] + 1 != body.length:
                return nothing(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            start = part[0]
        with refusing(visit):
            size = self._uploads.append(visit.repository, session, body.chunks(), start=start)
        here, uploaded = ("Location", visit.request.path), ("Range", f"0-{size - 1}")
        return nothing(HTTPStatus.ACCEPTED, here, uploaded, ("Blob-Upload-UUID", session))

    def finish(self, visit: Visit) -> Reply:
        """Take the last piece, if any, and make the upload a blob."""
        digest, session, body = only_digest(visit, "digest"), visit.names["session"], visit.request.body
        if not is_digest(digest):
            return nothing(HTTPStatus.BAD_REQUEST)
        told = visit.request.header("content-range")
        with refusing(visit):
            if told or body.length:
                part = content_range(told) if told else (0, 0)
                if part is None:
                    raise OutOfOrder(session)
                self._uploads.append(visit.repository, session, body.chunks(), start=part[0])
            self._uploads.finish(visit.repository, session, digest)
        return nothing(HTTPStatus.CREATED, _place(visit, digest), ("Docker-Content-Digest", digest))

    def cancel(self, visit: Visit) -> Reply:
        """Forget an upload; its repository stays."""
        with refusing(visit):
            self._uploads.cancel(visit.repository, visit.names["session"])
        return nothing(HTTPStatus.NO_CONTENT)

    def _mount(self, visit: Visit) -> Reply:
        digest = only_digest(visit, "mount")
        readable = is_digest(digest) and self._blobs.readable(digest, visit.rights.sees)
        if readable and self._blobs.bring(visit.repository, digest):
            return nothing(HTTPStatus.CREATED, _place(visit, digest))
        return self._started(visit)

    def _whole(self, visit: Visit) -> Reply:
        digest = only_digest(visit, "digest")
        if visit.request.header("content-type") != "application/octet-stream":
            return nothing(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        if not is_digest(digest):
            return refused(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", digest=digest)
        if visit.request.body.length is None:
            return refused(HTTPStatus.BAD_REQUEST, "BLOB_UPLOAD_INVALID", digest=digest)
        session = self._uploads.start(visit.repository)
        with refusing(visit):
            self._uploads.append(visit.repository, session, visit.request.body.chunks(), start=0)
            self._uploads.finish(visit.repository, session, digest)
        return nothing(HTTPStatus.CREATED, _place(visit, digest), ("Blob-Upload-UUID", session))

    def _started(self, visit: Visit) -> Reply:
        session = self._uploads.start(visit.repository)
        location = ("Location", f"/v2/{visit.repository}/blobs/uploads/{session}")
        return nothing(HTTPStatus.ACCEPTED, location, ("Range", "0-0"))


@contextmanager
def refusing(visit: Visit) -> Iterator[None]:
    """Turn what an upload can complain about into the specification's answers."""
    session = visit.names.get("session", "")
    try:
        yield
    except UnknownUpload as error:
        raise Refused(refused(HTTPStatus.NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", session_id=session)) from error
    except OutOfOrder as error:
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        raise Refused(refused(status, "BLOB_UPLOAD_INVALID", session_id=session)) from error
    except OtherDigest as error:
        raise Refused(refused(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", digest=str(error))) from error


def only_digest(visit: Visit, parameter: str) -> str:
    """The parameter's one value; more or none are refused with 400."""
    values = visit.request.query.get(parameter, [])
    if len(values) != 1:
        raise Refused(nothing(HTTPStatus.BAD_REQUEST))
    return values[0]


def content_range(header: str) -> tuple[int, int] | None:
    """First and last byte of an upload's piece, as the distribution specification writes them (`0-99`)."""
    first, _, last = header.partition("-")
    if not first.strip().isdigit() or not last.strip().isdigit() or int(first) > int(last):
        return None
    return int(first), int(last)


def _place(visit: Visit, digest: str) -> tuple[str, str]:
    return "Location", f"/v2/{visit.repository}/blobs/{digest}"
