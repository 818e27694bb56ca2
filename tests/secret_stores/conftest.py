"""One practice vault for each file, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.practice_world import Practice, laid_out
from tests.secret_stores.practice_vault import opened
from zotops.redaction import Redactor
from zotops.secret_stores.onepassword import OnePassword


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    return laid_out(tmp_path_factory.mktemp("store") / "world")


@pytest.fixture
def practice(laid: Practice) -> Iterator[Practice]:
    kept = laid.state.read("vault")
    yield laid
    with laid.state.edit("vault") as document:
        document.clear()
        document.update(kept)
    laid.quirk("op")


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def store(practice: Practice, redactor: Redactor) -> OnePassword:
    return opened(practice, redactor)
