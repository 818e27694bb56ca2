"""Worlds for whole commands: one for each test that changes it, one a file for those that only look."""

import fcntl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk, changed, started
from tests.acceptance.finished import Finished, finish, kept

LONGEST = 600  # seconds; a whole run takes twenty on a machine that does nothing else


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs, and the one that all share, may take longer than a test otherwise does."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(LONGEST))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return an open world that this test may change."""
    with started(tmp_path / "desk") as found:
        yield found


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return an open world of this file, whose tests change nothing in it."""
    with started(tmp_path_factory.mktemp("open")) as found:
        yield found


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a hardened world of this file; what its tests change must not disturb the others."""
    with started(tmp_path_factory.mktemp("hardened"), "--state", "hardened") as found:
        yield found


@pytest.fixture
def untouched(looked_at: Desk, tmp_path: Path) -> Iterator[Desk]:
    """Return a desk of its own before the open world, and see that the world is as before when the test ends."""
    before = looked_at.seen()
    yield replace(looked_at, folder=tmp_path)
    assert changed(before, looked_at.seen()) == []


@pytest.fixture
def before_hardened(hardened: Desk, tmp_path: Path) -> Iterator[Desk]:
    """Return a desk of its own before the hardened world, and see that the world is as before when the test ends."""
    before = hardened.seen()
    yield replace(hardened, folder=tmp_path)
    assert changed(before, hardened.seen()) == []


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Finished:
    """Return what one undisturbed `deploy --auto` left; all workers share it."""
    own = tmp_path_factory.getbasetemp()
    place = (own if worker_id == "master" else own.parent) / "undisturbed"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return kept(place) or finish(place)
