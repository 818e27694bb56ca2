"""One hardened world for the tests of a file, where they leave it as it was."""

from collections.abc import Iterator

import pytest

from tests.commands.verifying import Hardened, hardened


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    with hardened(tmp_path_factory.mktemp("world")) as found:
        yield found
