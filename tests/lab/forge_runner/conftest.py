"""A practice forge and a registry for each file, as new for each test."""

import shutil
from collections.abc import Iterator

import pytest

from tests.lab.forge_runner.building import files_of
from tests.lab.forge_world import KEY, PracticeForge, practice_forge
from tests.lab.recording_registry import Registry, recording_registry


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PracticeForge, Registry]]:
    with (
        recording_registry() as registry,
        practice_forge(tmp_path_factory.mktemp("forge") / "world", registry=registry.url) as forge,
    ):
        yield forge, registry


@pytest.fixture
def registry(place: tuple[PracticeForge, Registry]) -> Registry:
    """Empty, and open to everybody's reading and to the key's pushing."""
    registry = place[1]
    registry.empty()
    registry.key = ("zot-ci", KEY)
    return registry


@pytest.fixture
def forge(place: tuple[PracticeForge, Registry], registry: Registry) -> PracticeForge:
    """As new, with the key in place and no skopeo on the runner."""
    del registry
    forge = place[0]
    forge.begin_anew()
    shutil.rmtree(forge.folder / "bin", ignore_errors=True)
    (forge.folder / "bin").mkdir()
    forge.commit(files_of(forge))
    forge.put_key()
    return forge
