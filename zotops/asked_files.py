"""A file that somebody asked for, at a place of their choice: that it cannot be written there is told, not raised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zotops.errors import ConfigurationIsWrong


@contextmanager
def writing(path: Path, *, remedy: str = "make that folder, and let this user write to it") -> Iterator[None]:
    """Around whatever writes it. ConfigurationIsWrong: it could not be written."""
    try:
        yield
    except OSError as error:
        raise ConfigurationIsWrong(f"{path} cannot be written: {error.strerror}", remedy=remedy) from error
