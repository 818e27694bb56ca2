"""Where keys are kept: comparing without knowing, and telling what is wrong without showing it."""

from pathlib import Path

import pytest

from tests.systems.outside import profile_of
from zotops.profile import Profile
from zotops.systems.key_places import changed_fields, concealed_fields, trouble_with
from zotops.world import Secret

KEY = "zak_" + "0123456789abcdef" * 2


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("stored", "trouble"),
    [
        (KEY, ""),
        ("", "it is empty"),
        (f"{KEY}\n", "a line end or a space was stored with it"),
        (f" {KEY}", "a line end or a space was stored with it"),
        (KEY.upper(), "it is not `zak_` and 32 hex digits"),
        (KEY[:-1], "it is not `zak_` and 32 hex digits"),
        ("-", "it is not `zak_` and 32 hex digits"),
    ],
)
def test_what_is_no_key_is_told_apart(stored: str, trouble: str) -> None:
    assert trouble_with(Secret(stored)) == trouble


@pytest.mark.parametrize(
    ("before", "now", "changed"),
    [
        ("a=1 b=2", "b=2 a=1", []),
        ("a=1 b=2", "a=1 b=3", ["b"]),
        ("a=1 b=2", "a=1", ["b"]),
        ("a=1", "a=1 c=empty", ["c"]),
        ("my=field=1", "my=field=2", ["my=field"]),
    ],
)
def test_changed_fields_are_named(before: str, now: str, changed: list[str]) -> None:
    assert changed_fields(before, now) == changed


def test_the_secrets_that_a_profile_names_are_known_by_their_items(profile: Profile) -> None:
    found = concealed_fields(profile)
    secrets = profile.secrets
    assert found[secrets.own_item] == ("pending", "previous")
    assert {secrets.key_field, "api-token", "argocd_token"} <= set(found[secrets.shared_item])
    assert "zot-client-secret" in found[profile.provider_token.item]
