"""Hardened worlds to verify: the stand-in's always, a real zot's beside it where ZOTOPS_ZOT names one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.registry_world import REAL, storage_hash
from zotops.lab import world as lab
from zotops.lab.state import State
from zotops.profile import Profile
from zotops.profile_file import read_profile

ROOT = Path(__file__).parents[2]
INVOKE = Path(sys.executable).parent / "invoke"
KINDS = ["stand-in", *(["real"] if REAL else [])]


@dataclass(frozen=True)
class Done:
    """How a call of verify ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def only(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["registries"][0]
        return found

    def said(self, verdict: str) -> list[str]:
        """The sentences with that verdict, findings apart."""
        return [one["says"] for one in self.only["checks"] if one["verdict"] == verdict and not one["advisory"]]


@dataclass(frozen=True)
class Hardened:
    """A running hardened world."""

    root: Path

    @property
    def profile(self) -> Profile:
        return read_profile(self.root / "profile.toml")

    @property
    def state(self) -> State:
        return State(self.root / "state")

    def verify(self, *words: str, **environment: str) -> Done:
        """Call it as typed, with nobody there."""
        done = subprocess.run(
            [INVOKE, "verify", "--profile", str(self.root / "profile.toml"), *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def storage(self) -> dict[str, str]:
        """Every file and folder of the registry's storage, `meta.db` aside."""
        return storage_hash(self.root / "host" / "zot" / "data")

    def calls(self, program: str) -> list[dict[str, Any]]:
        lines = (self.root / "state" / "calls.jsonl").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call["program"] == program]


@contextmanager
def hardened(root: Path, kind: str = "stand-in") -> Iterator[Hardened]:
    """A world as after a finished deployment."""
    lab.make(root, state="hardened", zot=Path(str(REAL)) if kind == "real" else None)
    with lab.start(root):
        yield Hardened(root.resolve())
