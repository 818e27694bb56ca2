"""Killed after any record, or between any effect and its answer, a rotation goes on to a good end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.rotation.stores import Stores
from zotops.lab.world import make, start

ROOT = Path(__file__).parents[2]
LONGEST = 240  # seconds
# More than a rotation has; those beyond its end are not there. `test_the_points_are_all_there` holds them to the truth.
RECORDS, EFFECTS = 130, 12
POINTS = [*(f"record:{n}" for n in range(1, RECORDS + 1)), *(f"effect:{n}" for n in range(1, EFFECTS + 1))]


@dataclass
class Place:
    """A hardened world, and what a rotation in it keeps."""

    root: Path
    state: Path
    folder: Path
    old: str

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

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return found


@contextmanager
def place_in(folder: Path) -> Iterator[Place]:
    root = (folder / "world").resolve()
    root.mkdir(parents=True)
    make(root, state="hardened", zot=None)
    (folder / "state").mkdir(mode=0o700)
    with start(root):
        yield Place(root=root, state=folder / "state", folder=folder, old=Stores(root).held()["current"])


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


@pytest.mark.timeout(2 * LONGEST)
@pytest.mark.costly(share=2 / len(POINTS))
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_rotation_goes_on_to_a_good_end(point: str, tmp_path: Path) -> None:
    with place_in(tmp_path / "here") as place:
        first = place.walk(point)
        assert place.report()["broken"] == []
        if first.returncode == 0:
            kind, _, number = point.partition(":")
            assert place.report()[kind] < int(number), "it went past that point"
            pytest.skip("a rotation has no such point")
        assert first.returncode == -signal.SIGKILL, first.stdout[-2000:] + first.stderr
        again = place.walk("never")
        assert again.returncode == 0, again.stdout[-3000:] + again.stderr
        assert place.report()["broken"] == []
        assert is_well(place) == []


@pytest.mark.timeout(LONGEST)
@pytest.mark.costly(share=0.2)
def test_the_points_are_all_there(tmp_path: Path) -> None:
    with place_in(tmp_path / "here") as place:
        done = place.walk("never")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        report = place.report()
        assert report["broken"] == []
        assert is_well(place) == []
        assert RECORDS - 30 < report["record"] <= RECORDS
        assert EFFECTS - 4 < report["effect"] <= EFFECTS
