"""A file that cannot be read, or is no TOML, is named with its remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.profile_file.written import problems
from zotops.errors import ConfigurationIsWrong
from zotops.profile_file import read_profile

NOBODY = 65534


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name = ", "is not TOML: "),
        (b"a = 1\na = 2", "is not TOML: "),
        (b"name = '\xff\xfe'", "is not TOML: 'utf-8' codec"),
        (b"\x00", "is not TOML: "),
        (b"PK\x03\x04\x14\x00", "is not TOML: "),
    ],
)
def test_what_is_no_toml_is_said_with_its_place(file: Path, content: bytes, said: str) -> None:
    [line] = problems(file, content)
    assert line.startswith(said)
    assert line.endswith(": correct that place")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationIsWrong, match=r"none\.toml: cannot be read \(No such file"):
        read_profile(tmp_path / "none.toml")


def test_a_folder_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationIsWrong, match=r"cannot be read \(Is a directory"):
        read_profile(tmp_path)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read every file; whoever else runs this is somebody who may not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_that_may_not_be_read_is_named(file: Path) -> None:
    file.touch(mode=0o000)
    with as_nobody(), pytest.raises(ConfigurationIsWrong, match="Permission denied"):
        read_profile(file)
