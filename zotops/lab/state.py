"""The documents that all parts of a practice world share, one JSON file each."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class State:
    """A folder of JSON documents; `edit` is a locked read, change and atomic replace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> Document:
        """The document, empty when it does not exist yet."""
        try:
            document: Document = json.loads((self.folder / f"{name}.json").read_text())
        except FileNotFoundError:
            return {}
        return document

    @contextmanager
    def edit(self, name: str) -> Iterator[Document]:
        """Hand out the document for changing; nothing is written when the block raises."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            document = self.read(name)
            yield document
            self._write(name, document)

    def record(self, call: Document) -> None:
        """Append one call of an executable to calls.jsonl; one write, so that parallel calls do not mix."""
        with (self.folder / "calls.jsonl").open("a") as calls:
            calls.write(json.dumps(call) + "\n")

    def _write(self, name: str, document: Document) -> None:
        # The lock is held, so the name needs only to differ from a killed writer's.
        partial = self.folder / f".{name}.{os.getpid()}"
        partial.write_text(json.dumps(document, indent=1))
        partial.replace(self.folder / f"{name}.json")


def state_of_world() -> State:
    """The state of the world that the environment names; for executables, which get nothing else."""
    return State(Path(os.environ["ZOTOPS_LAB_WORLD"]) / "state")
