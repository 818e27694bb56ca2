from pathlib import Path

import pytest

from tests.checks.test_vault import Vault, seen
from tests.systems.outside import profile_of
from zotops.checks.vault_unlocked import VaultIsUnlocked
from zotops.errors import Unreachable
from zotops.model import Verdict
from zotops.world import Secret, SecretRef

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("You are not currently signed in. Please run `op signin --help` for instructions", FAILED),
        ("account is not signed in", FAILED),
        ("could not find session token for account practice", FAILED),
        ("No accounts configured for use with 1Password CLI.", FAILED),
        ("no account found for filter practice", FAILED),
        ("authorization prompt dismissed, please try again", FAILED),
        ("authorization timeout", FAILED),
        ("cannot setup session", FAILED),
        ("item 'a/b' does not have a field 'c'", PASSED),
        ('"x" isn\'t an item in the "V" vault', PASSED),
        ('More than one item matches "x". Try again and specify the item by its ID:', PASSED),
        ("connecting to desktop app timed out", UNKNOWN),
        ("(403) Forbidden", UNKNOWN),
    ],
)
def test_what_the_vault_says_tells_whether_it_is_locked(said: str, verdict: Verdict, tmp_path: Path) -> None:
    profile = profile_of(tmp_path, registry="http://127.0.0.1:9")
    vault = Vault({}, absent={profile.current_key.secret: said})
    evidence = seen(VaultIsUnlocked(profile=profile), profile, vault)
    assert evidence.verdict is verdict, evidence
    assert verdict is not FAILED or (said in evidence.observed and evidence.remedy)


def test_a_value_that_was_read_is_not_shown(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, registry="http://127.0.0.1:9")
    vault = Vault({profile.current_key.secret: "very secret"})
    evidence = seen(VaultIsUnlocked(profile=profile), profile, vault)
    assert (evidence.verdict, evidence.observed) == (PASSED, "it answers")


@pytest.mark.parametrize(
    ("own", "told"), [("", "unlock the vault, then look again"), ("type it again", "type it again")]
)
def test_a_store_that_knows_better_says_what_helps(own: str, told: str, tmp_path: Path) -> None:
    class Locked(Vault):
        def read(self, ref: SecretRef) -> Secret:
            raise Unreachable(f"{ref}: not signed in", remedy=own)

    profile = profile_of(tmp_path, registry="http://127.0.0.1:9")
    assert seen(VaultIsUnlocked(profile=profile), profile, Locked({})).remedy == told
