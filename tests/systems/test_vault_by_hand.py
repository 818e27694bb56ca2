"""How a person reads the store that the profile names; where it is no 1Password nothing sends them there."""

from pathlib import Path

import msgspec
import pytest

from tests.systems.outside import profile_of
from zotops import pages
from zotops.profile import Handed, Profile
from zotops.runbooks import RUNBOOKS
from zotops.systems.vault_by_hand import earlier_values, length_command, read_command


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry="http://127.0.0.1:9")


def kept_in(profile: Profile, store: str) -> Profile:
    return msgspec.structs.replace(profile, secrets=msgspec.structs.replace(profile.secrets, store=store))


@pytest.mark.parametrize(
    ("store", "command"),
    [
        ("onepassword", "op read 'op://{vault}/{key}'"),
        ("keyring", "keyring get '{vault}/{key.item}' '{key.field}'"),
        ("environment", "cat '/run/secrets/key'"),
    ],
)
def test_how_a_person_reads_the_key_depends_on_the_store(profile: Profile, store: str, command: str) -> None:
    key = profile.current_key.secret
    handed = (Handed(ref=str(key), file="/run/secrets/key"),)
    secrets = msgspec.structs.replace(profile.secrets, store=store, environment=handed)
    place = msgspec.structs.replace(profile, secrets=secrets)
    assert read_command(place, key) == command.format(vault=profile.secrets.vault, key=key)


def test_a_length_is_told_without_the_line_end_that_a_key_chain_adds(profile: Profile) -> None:
    key = profile.pending_key.secret
    assert length_command(profile, key).startswith("op read --no-newline ")
    assert "tr -d '\\n' | wc -c" in length_command(kept_in(profile, "keyring"), key)


def test_a_key_chain_keeps_no_history(profile: Profile) -> None:
    assert earlier_values(profile) == "the item's history in 1Password"
    assert earlier_values(kept_in(profile, "keyring")) == "a backup of the key chain"


@pytest.mark.parametrize("name", RUNBOOKS)
def test_with_a_key_chain_no_page_sends_anybody_to_1password(profile: Profile, name: str) -> None:
    page = pages.page(RUNBOOKS[name](kept_in(profile, "keyring")), name)
    assert [line for line in page.splitlines() if "1Password" in line or "`op " in line or "op read" in line] == []
    assert "keyring get" in page
    assert "1Password" in pages.page(RUNBOOKS[name](profile), name)
