"""A hardened practice world for a rotation: walked in a process of its own, or here, and judged by its stores."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.rotation.stores import Stores, hashed
from tests.rotation.walked import rotate
from zotops import model
from zotops.commands.wanted import Wanted
from zotops.lab import vault
from zotops.lab.faults.breaking import ask_supervisor
from zotops.lab.faults.front import wait_for
from zotops.lab.names import NAMES
from zotops.lab.state import State
from zotops.lab.world import make, start
from zotops.runner import Bounds

ROOT = Path(__file__).parents[2]
LONGEST = 240  # seconds


@dataclass
class Place:
    """A hardened world, and what a rotation in it keeps."""

    root: Path
    state: Path
    folder: Path
    old: str
    said: list[str] = field(default_factory=list)

    def walk(self, point: str) -> subprocess.CompletedProcess[str]:
        words = (str(self.root), str(self.state), self.old, point, str(self.folder / "report.json"))
        return subprocess.run(
            [sys.executable, "-m", "tests.rotation.walked", *words],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )

    def here(
        self,
        *,
        meanwhile: Mapping[str, Callable[[], None]] | None = None,
        by_hand: Sequence[str] = (),
        name: str = "rotate-key",
        only: str = "",
        until: str = "",
        undo: str = "",
        settled: Mapping[str, model.State] | None = None,
        take_over: str = "",
    ) -> int:
        """Walk in this process; the exit code. What was broken after any record is in `broken`."""
        self.said.clear()
        wanted = Wanted(bounds=Bounds(only=only, until=until), undo=undo, settled=settled or {}, take_over=take_over)
        return rotate(
            self.root, self.state, self.said, name=name, meanwhile=meanwhile or {}, by_hand=by_hand, wanted=wanted
        )

    def note(self, field: str, text: str) -> None:
        """Write into our own item, as a person does."""
        with State(self.root / "state").edit("vault") as document:
            vault.set_value(document, self.stores.names["own_item"], field, text)

    def journal(self) -> str:
        """What was recorded, all runs."""
        return "".join(path.read_text() for path in sorted((self.state / "runs").glob("*.jsonl")))

    def records(self, event: str) -> list[Any]:
        """Every record of that event, in order, as JSON."""
        return [record for record in map(json.loads, self.journal().splitlines()) if record["event"] == event]

    def red(self, sentence: str) -> list[tuple[str, str, str]]:
        """Each time when that check failed: the step, what was observed, and what it says is to be done."""
        made = [(record["step"], record["data"]) for record in self.records("check-made")]
        return [
            (step, data["observed"], data["remedy"])
            for step, data in made
            if (data["check"], data["verdict"]) == (sentence, "failed")
        ]

    @property
    def stores(self) -> Stores:
        return Stores(self.root)

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return found


@contextmanager
def place_in(folder: Path, *, zot: Path | None = None) -> Iterator[Place]:
    """`zot`: a real one, by its path; else the stand-in."""
    root = (folder / "world").resolve()
    root.mkdir(parents=True)
    make(root, state="hardened", zot=zot)
    (folder / "state").mkdir(mode=0o700)
    with start(root):
        yield Place(root=root, state=folder / "state", folder=folder, old=Stores(root).held()["current"])


def expire(place: Place) -> str:
    """Move the old key's end into the past, in the stand-in's store; that moment, as the registry writes it."""
    plist = str(place.root / "host" / "LaunchAgents" / f"{NAMES['service']}.plist")
    past = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ask_supervisor(place.root, ask="unload", path=plist)
    change = {"user": NAMES["ci_user"], "key": hashed(place.old), "details": {"expiration_date": past}}
    with (place.root / "host/zot/data/meta.db").open("a") as accounts:
        accounts.write(json.dumps(change) + "\n")
    ask_supervisor(place.root, ask="load", path=plist)
    wait_for(place.stores.world["registry"]["port"])
    return past


def is_well(place: Place) -> list[str]:
    """What is not as after a good rotation."""
    stores = Stores(place.root)
    held, keys = stores.held(), stores.keys()
    wrong = []
    if held["pending"] or held["previous"]:
        wrong.append("a key lies in pending or previous")
    if held["current"] == place.old or not stores.works(held["current"]):
        wrong.append("the current key is the old one, or refused")
    if set(stores.consumers().values()) != {held["current"]}:
        wrong.append("a consumer holds another key than the current one")
    if len(keys) != 1:
        wrong.append(f"{len(keys)} keys are left: {sorted(str(key['label']) for key in keys.values())}")
    if stores.noted("current-id") not in {str(key["uuid"]) for key in keys.values()}:
        wrong.append("the current key's id is not noted")
    sessions = json.loads((place.root / "state" / "provider.json").read_text())["sessions"].values()
    if any(session["user"] == stores.names["ci_user"] for session in sessions):
        wrong.append("a session of the CI user is left")
    if stores.holds(place.old, place.state):
        wrong.append("the dead key stands in the state folder")
    return wrong
