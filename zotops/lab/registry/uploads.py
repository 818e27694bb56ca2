"""Uploads: data that arrive in pieces and become a blob when their digest is told."""

import hashlib
import re
import uuid
from collections.abc import Iterable

from zotops.lab.registry.blobs import Blobs
from zotops.lab.registry.layout import Layout

SESSION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PIECE = 1 << 20


class UnknownUpload(Exception):
    """The upload was never started, or is over."""


class OutOfOrder(Exception):
    """A piece does not begin where the last one ended."""


class OtherDigest(Exception):
    """The data have another digest than the one told."""


class Uploads:
    """Uploads in progress; they outlive a restart as files."""

    def __init__(self, layout: Layout, blobs: Blobs) -> None:
        self._layout, self._blobs = layout, blobs

    def start(self, repository: str) -> str:
        """Begin an upload, which makes the repository; returns its id."""
        self._layout.create(repository)
        session = str(uuid.uuid4())
        self._layout.upload(repository, session).touch()
        return session

    def size(self, repository: str, session: str) -> int:
        """How many bytes have arrived; UnknownUpload."""
        file = self._layout.upload(repository, session)
        if not SESSION.fullmatch(session) or not file.is_file():
            raise UnknownUpload(session)
        return file.stat().st_size

    def append(self, repository: str, session: str, pieces: Iterable[bytes], *, start: int | None) -> int:
        """Add data, from `start` if that is told; returns the size so far. Makes the repository even if the upload
        is unknown.
        """
        self._layout.create(repository)
        size = self.size(repository, session)
        if start is not None and start != size:
            raise OutOfOrder(session)
        with self._layout.upload(repository, session).open("ab") as file:
            for piece in pieces:
                file.write(piece)
        return self.size(repository, session)

    def finish(self, repository: str, session: str, digest: str) -> None:
        """Make the data a blob; OtherDigest leaves the upload as it is."""
        self.size(repository, session)
        algorithm = digest.partition(":")[0]
        file = self._layout.upload(repository, session)
        with file.open("rb") as data:
            found = hashlib.new(algorithm)
            while piece := data.read(PIECE):
                found.update(piece)
        if digest != f"{algorithm}:{found.hexdigest()}":
            raise OtherDigest(digest)
        with self._layout.lock:
            target = self._layout.blob(repository, digest)
            target.parent.mkdir(exist_ok=True)
            file.replace(target)
            self._blobs.remember(repository, digest)

    def cancel(self, repository: str, session: str) -> None:
        """Forget the data; the repository stays."""
        self.size(repository, session)
        self._layout.upload(repository, session).unlink()
