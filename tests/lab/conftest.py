"""A practice provider for each file, as new for each test."""

from collections.abc import Iterator

import pytest

from tests.lab.provider_world import PracticeProvider, begin_anew, practice_provider


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProvider]:
    with practice_provider(tmp_path_factory.mktemp("provider") / "world") as running:
        yield running


@pytest.fixture
def provider(served: PracticeProvider) -> PracticeProvider:
    begin_anew(served.folder)
    return served
