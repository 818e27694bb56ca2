"""What a test may be skipped for: something that a machine with only Python and git, or a bare clone, cannot have."""

import shutil
from pathlib import Path

import pytest


def program(name: str) -> pytest.MarkDecorator:
    """Skip without it: `./inv test` needs only Python and git. CI installs it; such a skip is red there (conftest)."""
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed; `.ci/run` installs it")


def shared(*files: Path) -> pytest.MarkDecorator:
    """Skip without these: other projects' descriptions of their APIs, read beside a clone and never committed."""
    missing = [file.name for file in files if not file.is_file()]
    return pytest.mark.skipif(bool(missing), reason=f"not here: ../shared/data, {', '.join(missing)}")
