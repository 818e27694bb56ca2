"""Small programs to be run, and whether one still lives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from zotops.doors import RealPrograms
from zotops.redaction import Redactor


def programs(
    *,
    search_path: str = "",
    environment: Mapping[str, str] | None = None,
    directory: str = "",
    inherit: Sequence[int] = (),
) -> RealPrograms:
    """The door to programs as a test needs it; without options as an operator has it."""
    return RealPrograms(
        Redactor(), search_path=search_path, environment=environment, directory=directory, inherit=inherit
    )


def script(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable} -S\n{text}")
    path.chmod(0o755)


def python(text: str) -> list[str]:
    return [sys.executable, "-S", "-c", text]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if Path("/proc/self/stat").exists():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        words = ["ps", "-o", "stat=", "-p", str(pid)]
        state = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    return bool(state) and state[0] != "Z"
