"""The registry's files: per repository one OCI image layout, as zot keeps it under `rootDirectory`."""

import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

Descriptor = dict[str, Any]

UPLOADS = ".uploads"
NO_REPOSITORIES = {"blobs", UPLOADS, ".sync"}
REFERENCE_NAME = "org.opencontainers.image.ref.name"


class UnknownRepository(Exception):
    """There is no such repository."""


class Layout:
    """Repositories below one folder. Writers hold `lock`; single files are replaced whole."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = threading.RLock()

    def folder(self, repository: str) -> Path:
        """Where a repository's files are."""
        return self.root / repository

    def blob(self, repository: str, digest: str) -> Path:
        """Where a blob is, if it is there."""
        algorithm, _, encoded = digest.partition(":")
        return self.root / repository / "blobs" / algorithm / encoded

    def upload(self, repository: str, session: str) -> Path:
        """Where an upload's data so far are."""
        return self.root / repository / UPLOADS / session

    def create(self, repository: str) -> None:
        """Make the repository unless it exists."""
        folder = self.folder(repository)
        with self.lock:
            (folder / "blobs").mkdir(parents=True, exist_ok=True)
            (folder / UPLOADS).mkdir(exist_ok=True)
            for name, content in (
                ("oci-layout", {"imageLayoutVersion": "1.0.0"}),
                ("index.json", {"schemaVersion": 2, "manifests": []}),
            ):
                if not (folder / name).exists():
                    replace(folder / name, json.dumps(content).encode())

    def manifests(self, repository: str) -> list[Descriptor]:
        """The descriptors of the repository's index; UnknownRepository when there is none."""
        try:
            return list(json.loads((self.folder(repository) / "index.json").read_bytes()).get("manifests") or [])
        except OSError as error:
            raise UnknownRepository(repository) from error

    def write_manifests(self, repository: str, manifests: list[Descriptor]) -> None:
        """Replace the repository's index."""
        content = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
        replace(self.folder(repository) / "index.json", content)

    def tags(self, repository: str) -> dict[str, Descriptor]:
        """Descriptors by tag."""
        found = self.manifests(repository)
        return {tag: one for one in found if (tag := tag_of(one)) is not None}

    def repositories(self) -> Iterator[str]:
        """All names, in the order in which zot walks the folders: `a`, `a/b`, `a-b`."""
        pending = self._subfolders(self.root)
        while pending:
            folder = pending.pop()
            if (folder / "index.json").exists() and (folder / "oci-layout").exists() and (folder / "blobs").is_dir():
                yield folder.relative_to(self.root).as_posix()
            pending += self._subfolders(folder)

    def _subfolders(self, folder: Path) -> list[Path]:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and entry.name not in NO_REPOSITORIES]
        return [folder / name for name in sorted(names, reverse=True)]

    def blobs(self, repository: str) -> Iterator[str]:
        """Digests of all blobs of a repository, manifests among them."""
        for algorithm in sorted((self.folder(repository) / "blobs").glob("*")):
            for file in sorted(algorithm.iterdir()):
                yield f"{algorithm.name}:{file.name}"

    def read_json(self, repository: str, digest: str) -> dict[str, Any]:
        """A manifest as a document, or nothing when it is missing or no object."""
        with suppress(OSError, ValueError):
            document = json.loads(self.blob(repository, digest).read_bytes())
            if isinstance(document, dict):
                return document
        return {}


def tag_of(descriptor: Descriptor) -> str | None:
    """The tag that a descriptor of an index carries."""
    tag = (descriptor.get("annotations") or {}).get(REFERENCE_NAME)
    return tag if isinstance(tag, str) else None


def replace(file: Path, content: bytes) -> None:
    """Write a file so that it is seen whole or not at all."""
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    unfinished.write_bytes(content)
    unfinished.replace(file)
