"""A plain screen for each test."""

from __future__ import annotations

import pytest

from tests.screen.glass import Glass


@pytest.fixture
def glass() -> Glass:
    return Glass()
