"""A key that is ten days old, as a rotation leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watched.scene import Scene, scene_in


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return scene_in(tmp_path)
