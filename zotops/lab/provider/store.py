"""The provider's document, read anew only when its file has changed."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from zotops.lab.state import Document, State


class Store:
    """The documents of one world as the provider uses them: its own, the switches and what the cluster holds."""

    def __init__(self, world: Path) -> None:
        self.world: dict[str, Any] = json.loads((world / "world.json").read_text())
        self.names: dict[str, str] = self.world["names"]
        self._state = State(world / "state")
        self._seen: dict[str, tuple[tuple[int, ...], Document]] = {}

    def read(self, name: str = "provider") -> Document:
        """The document as it is now; not to be changed by the reader."""
        try:
            found = (self._state.folder / f"{name}.json").stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
        if name not in self._seen or self._seen[name][0] != stamp:
            self._seen[name] = (stamp, self._state.read(name))
        return self._seen[name][1]

    def edit(self) -> AbstractContextManager[Document]:
        """The provider's document for changing; nothing is written when the block raises."""
        return self._state.edit("provider")

    def quirks(self) -> Document:
        """The switches that faults have turned on for the provider."""
        quirks: Document = self.read("quirks").get("provider") or {}
        return quirks
