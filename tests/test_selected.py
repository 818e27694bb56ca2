"""Who is to ask, and for what: words that leave nothing to look at are refused, and none is green for that."""

from pathlib import Path

import pytest

from zotops.errors import UsageIsWrong
from zotops.profile_file import read_profile
from zotops.verification import Selected, selected

PROFILE = read_profile(Path(__file__).parents[1] / "docs" / "example.toml")


@pytest.mark.parametrize(
    ("who", "only"),
    [("ci", "clock"), ("ci", "certificate"), ("ci", "access.nobody"), ("nobody", "keys"), ("nobody", "access.ci")],
)
def test_what_leaves_nothing_to_look_at_is_wrong_usage(who: str, only: str) -> None:
    with pytest.raises(UsageIsWrong, match=f"--as {who} with --only {only} leaves nothing to look at"):
        selected(PROFILE, as_=who, only=only)


@pytest.mark.parametrize(
    ("who", "only"),
    [("nobody", "clock"), ("ci", "keys"), ("ci", "access.ci"), ("ci", "clock,keys"), ("nobody,ci", "clock")],
)
def test_what_leaves_something_is_looked_at(who: str, only: str) -> None:
    assert selected(PROFILE, as_=who, only=only).names


def test_without_words_everything_is_looked_at() -> None:
    assert selected(PROFILE, as_=None, only=None) == Selected()
