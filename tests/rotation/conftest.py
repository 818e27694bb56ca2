"""A hardened practice world for each rotation, and what looks at its stores after every record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rotation.place import Place, place_in
from tests.rotation.walked import Watcher, watch


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with place_in(tmp_path / "here") as found:
        yield found


@pytest.fixture
def watcher(place: Place, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """What looks at the stores after every record of whatever is walked here."""
    found = Watcher(place.root, place.state, place.old, "never", place.folder / "report.json")
    watch(found, monkeypatch.setattr)
    return found
