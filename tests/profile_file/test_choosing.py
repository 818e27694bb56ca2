"""Which profile is meant, and which of the stores that it describes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.profile_file.written import EXAMPLE, with_line
from zotops import profile_file
from zotops.errors import ConfigurationIsWrong, UsageIsWrong
from zotops.profile_file import find_profile, read_profile, with_store

HANDED = "[[secrets.environment]]\nref = 'forgejo-item-id/zot-ci-api'\nfile = '/run/secrets/key'\n[secrets]"


def test_another_store_that_the_profile_describes_can_be_chosen(file: Path) -> None:
    file.write_text(with_line("[secrets]", HANDED))
    profile = read_profile(file)
    assert with_store(profile, None) is profile
    chosen = with_store(profile, "environment").secrets
    assert (profile.secrets.store, chosen.store) == ("onepassword", "environment")
    assert chosen.environment == profile.secrets.environment
    with pytest.raises(UsageIsWrong, match="--store vault: one of onepassword, keyring, environment"):
        with_store(profile, "vault")


def test_a_store_that_the_profile_does_not_describe_cannot_be_chosen(file: Path) -> None:
    file.write_text(EXAMPLE)
    with pytest.raises(ConfigurationIsWrong, match=r"profile example: secrets\.environment: CI's key, .* is missing"):
        with_store(read_profile(file), "environment")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of profiles, in the place of the repository's own."""
    monkeypatch.setattr(profile_file, "FOLDER", tmp_path)
    return tmp_path


def test_the_only_profile_is_meant_when_none_is_named(folder: Path) -> None:
    (folder / "one.toml").touch()
    assert find_profile(None) == folder / "one.toml"


def test_which_of_several_profiles_is_asked_with_the_list(folder: Path) -> None:
    (folder / "one.toml").touch()
    (folder / "two.toml").touch()
    with pytest.raises(ConfigurationIsWrong, match="There are: one, two: give --profile"):
        find_profile(None)


@pytest.mark.usefixtures("folder")
def test_a_folder_without_profiles_says_so() -> None:
    with pytest.raises(ConfigurationIsWrong, match="There are: none"):
        find_profile(None)


def test_a_profile_is_found_by_name_by_path_and_by_the_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "one.toml").touch()
    (folder / "two.toml").touch()
    assert find_profile("one") == folder / "one.toml"
    assert find_profile("some/file.toml") == Path("some/file.toml")
    monkeypatch.setenv("ZOTOPS_PROFILE", "two")
    assert find_profile(None) == folder / "two.toml"
    assert find_profile("one") == folder / "one.toml"
