"""A practice world in a folder, and its programs called as zotops calls them."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import argocd_description
from zotops.lab import world
from zotops.lab.state import State


@dataclass(frozen=True)
class Done:
    """How a program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Practice:
    """A world that was laid out, started or not."""

    root: Path
    world: dict[str, Any]

    @property
    def names(self) -> dict[str, str]:
        names: dict[str, str] = self.world["names"]
        return names

    @property
    def state(self) -> State:
        return State(self.root / "state")

    def run(self, *words: str, stdin: Any = subprocess.DEVNULL, feed: str | None = None, **environment: str) -> Done:
        """Call a program of the world; `feed` is what a pipe brings, without it stdin is as given."""
        known = {"PATH": f"{self.root}/bin", "HOME": f"{self.root}/home", "ZOTOPS_LAB_WORLD": str(self.root)}
        given: dict[str, Any] = {"stdin": stdin} if feed is None else {"input": feed}
        done = subprocess.run(
            [f"{self.root}/bin/{words[0]}", *words[1:]],
            env={**known, "LC_ALL": "C.UTF-8", **environment},
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **given,
        )
        if words[0] == "argocd" and argocd_description.FILE.is_file():
            argocd_description.must_match(words[1:], done.returncode, done.stdout)
        return Done(done.returncode, done.stdout, done.stderr)

    def quirk(self, owner: str, **switches: object) -> None:
        """Turn switches on, and all others of this owner off."""
        with self.state.edit("quirks") as document:
            document[owner] = switches

    def calls(self, program: str) -> list[dict[str, Any]]:
        lines = (self.root / "state" / "calls.jsonl").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call["program"] == program]


def laid_out(root: Path, state: world.StartState = "open") -> Practice:
    """A world that nobody starts; enough for every program that asks no server."""
    return Practice(root.resolve(), world.make(root, state=state))
