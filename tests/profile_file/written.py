"""The example of a profile, changed, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from zotops.errors import ConfigurationIsWrong
from zotops.profile_file import read_profile

ROOT = Path(__file__).parents[2]


EXAMPLE = (ROOT / "docs" / "example.toml").read_text(encoding="utf-8")


def problems(file: Path, text: str | bytes) -> list[str]:
    """What is said of a file with that content, a line each, without the file's name, which each must begin with."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationIsWrong) as wrong:
        read_profile(file)
    lines = str(wrong.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def with_line(old: str, new: str) -> str:
    """The example, with one line changed."""
    assert EXAMPLE.count(f"\n{old}\n") >= 1, old
    return EXAMPLE.replace(f"\n{old}\n", f"\n{new}\n", 1)
