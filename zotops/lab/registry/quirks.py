"""Misbehaviour on request: the switches of `registry` in `quirks.json`, so that each check can be seen red."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER = "ZOTOPS_LAB_STATE"
"""The variable that names the folder of `quirks.json`; without it there are no quirks."""


class Quirks:
    """Reads the file again whenever it has changed."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER)
        self._file = Path(folder) / "quirks.json" if folder else None
        self._seen: tuple[int, int] | None = None
        self._switches: dict[str, Any] = {}

    def on(self, name: str) -> bool:
        """Whether a switch is on now."""
        if self._file is not None:
            self._refresh(self._file)
        return bool(self._switches.get(name))

    def _refresh(self, file: Path) -> None:
        try:
            state = file.stat()
        except OSError:
            self._seen, self._switches = None, {}
            return
        if self._seen != (state.st_mtime_ns, state.st_size):
            self._seen = (state.st_mtime_ns, state.st_size)
            with suppress(OSError, ValueError):
                self._switches = json.loads(file.read_bytes()).get("registry") or {}
