"""The newest commit is what the repository itself says, in full."""

import subprocess
from pathlib import Path

import pytest

from tests.platform.stand_ins import with_programs
from zotops.errors import Unreachable
from zotops.systems.git import newest_commit


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Alex", "-c", "user.email=alex@example.org")
    argv = ["git", *who, "-C", str(folder), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_it_is_the_branch_and_no_other_ref_of_a_like_name(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path)
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    git(folder, "branch", "x/main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    assert newest_commit(world, str(folder), "main") == git(folder, "rev-parse", "HEAD")
    with pytest.raises(Unreachable, match="no branch develop"):
        newest_commit(world, str(folder), "develop")
    del profile


def test_a_repository_that_cannot_be_read_is_unreachable(tmp_path: Path) -> None:
    _, world = with_programs(tmp_path)
    with pytest.raises(Unreachable, match="git ls-remote"):
        newest_commit(world, str(tmp_path / "nowhere"), "main")
