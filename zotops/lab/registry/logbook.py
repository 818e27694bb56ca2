"""zot's log: one JSON object per line, on stdout or in the file that `log.output` names."""

import json
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

LEVELS = ("trace", "debug", "info", "warn", "warning", "error", "fatal", "panic")


class Logbook:
    """Writes lines at or above a level; OSError from the constructor when the file cannot be opened."""

    def __init__(self, *, level: str = "info", output: str = "") -> None:
        self._least = LEVELS.index(level.lower())
        self._lock = threading.Lock()
        device = output in {"", "/dev/stdout", "/dev/stderr"}
        named: TextIO = sys.stderr if output == "/dev/stderr" else sys.stdout
        self._file = named if device else Path(output).open("a", encoding="utf-8")  # noqa: SIM115  # open to the end

    def info(self, message: str, **fields: Any) -> None:
        """Say what happened."""
        self._write("info", message, fields)

    def warn(self, message: str, **fields: Any) -> None:
        """Say what looks wrong."""
        self._write("warn", message, fields)

    def error(self, message: str, **fields: Any) -> None:
        """Say what went wrong."""
        self._write("error", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, Any]) -> None:
        if LEVELS.index(level) < self._least:
            return
        line = json.dumps({"time": now(), "level": level, "message": message, **fields}, default=str)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


def now() -> str:
    """The moment as zot's log writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
