"""What the vault has to hold, what must not change in it, and what a key looks like."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from tests.systems.outside import KEY, Safe, profile_of, world_of
from zotops.checks.vault import KeyIsStored, OtherFieldsUnchanged, OwnItemIsThere, ReferencesResolve
from zotops.errors import Unreachable
from zotops.looking import look
from zotops.model import Check, Evidence, Facts, Verdict
from zotops.profile import Profile, parse_ref
from zotops.systems.key_places import KEY_PRINT, OTHER_FIELDS, own_field
from zotops.world import Secret, SecretRef

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@dataclass
class Vault(Safe):
    """A safe that complains as 1Password does."""

    absent: dict[SecretRef, str] = field(default_factory=dict)

    def read(self, ref: SecretRef) -> Secret:
        if ref in self.absent:
            raise Unreachable(f"1Password: {self.absent[ref]}")
        return super().read(ref)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry="http://127.0.0.1:9")


@pytest.fixture
def vault(profile: Profile) -> Vault:
    fields = {parse_ref(text): f"value of {text}" for text in profile.secrets.read_by_roles}
    own = {own_field(profile, name): "" for name in ("pending", "previous", "expires")}
    return Vault({**fields, **own, profile.current_key.secret: ""})


def seen(check: Check, profile: Profile, vault: Vault, facts: Facts | None = None) -> Evidence:
    """As the runner makes it: secrets are read before."""
    return next(look([check], world_of(profile, vault), facts or {}))[1]


def test_every_value_is_there_and_the_key_may_be_empty(profile: Profile, vault: Vault) -> None:
    evidence = seen(ReferencesResolve(profile=profile), profile, vault)
    assert (evidence.verdict, evidence.observed) == (PASSED, "5 of 5 resolve")


def test_every_missing_and_every_empty_value_is_named(profile: Profile, vault: Vault) -> None:
    one, two, three = (parse_ref(text) for text in profile.secrets.read_by_roles[:3])
    vault.absent = {one: "item 'a/b' does not have a field 'c'", two: '"x" isn\'t an item in the "V" vault'}
    vault.fields[three] = ""
    evidence = seen(ReferencesResolve(profile=profile), profile, vault)
    assert evidence.verdict is FAILED
    assert all(str(ref) in evidence.observed for ref in (one, two, three))
    assert OTHER_FIELDS not in evidence.facts


@pytest.mark.parametrize("check", [ReferencesResolve, OwnItemIsThere])
def test_a_locked_vault_tells_nothing_of_its_content(
    profile: Profile, vault: Vault, check: type[ReferencesResolve] | type[OwnItemIsThere]
) -> None:
    vault.absent = dict.fromkeys(vault.fields, "You are not currently signed in")
    evidence = seen(check(profile=profile), profile, vault)
    assert (evidence.verdict, "not currently signed in" in evidence.observed) == (UNKNOWN, True)


@pytest.mark.parametrize(("store", "reads"), [("onepassword", "op read"), ("keyring", "keyring get")])
def test_a_person_reads_each_value_and_is_told_what_a_locked_store_says(
    profile: Profile, store: str, reads: str
) -> None:
    kept = msgspec.structs.replace(profile, secrets=msgspec.structs.replace(profile.secrets, store=store))
    look = ReferencesResolve(profile=kept).look
    assert reads in look.command
    assert look.command.count("keyring get") in {0, len(profile.secrets.read_by_roles) + 1}
    assert ("unlock the key chain" in look.otherwise[-1].means) == (store == "keyring")


def test_our_own_item_may_be_empty(profile: Profile, vault: Vault) -> None:
    evidence = seen(OwnItemIsThere(profile=profile), profile, vault)
    assert evidence.verdict is PASSED
    assert re.fullmatch(r"all \w+ are there", evidence.observed)


@pytest.mark.parametrize("complaint", ['"x" isn\'t an item in the "V" vault', "item does not have a field 'expires'"])
def test_a_missing_item_comes_with_how_to_make_it(profile: Profile, vault: Vault, complaint: str) -> None:
    vault.absent = {own_field(profile, "expires"): complaint}
    evidence = seen(OwnItemIsThere(profile=profile), profile, vault)
    assert evidence.verdict is FAILED
    assert evidence.observed.endswith(complaint)
    assert all(word in evidence.remedy for word in ("pending", "previous", "expires", "secrets.own_item"))


def test_the_first_look_remembers_the_other_fields_and_later_ones_do_not(profile: Profile, vault: Vault) -> None:
    first = seen(ReferencesResolve(profile=profile), profile, vault)
    assert "api-token=" in first.facts[OTHER_FIELDS]
    assert profile.secrets.key_field not in first.facts[OTHER_FIELDS]
    assert OTHER_FIELDS not in seen(ReferencesResolve(profile=profile), profile, vault, first.facts).facts


def test_other_fields_are_compared_and_the_keys_own_is_not(profile: Profile, vault: Vault) -> None:
    check = OtherFieldsUnchanged(profile=profile)
    before = seen(ReferencesResolve(profile=profile), profile, vault).facts
    vault.fields[profile.current_key.secret] = KEY
    assert seen(check, profile, vault, before).verdict is PASSED
    vault.fields[SecretRef(profile.secrets.shared_item, "api-token")] = ""
    evidence = seen(check, profile, vault, before)
    assert (evidence.verdict, evidence.observed) == (FAILED, "changed: api-token")
    assert seen(check, profile, vault).observed == "not yet: <other-fields> is not known"


OTHER = KEY.replace("0", "f")


@pytest.mark.parametrize(
    ("current", "pending", "made", "verdict", "observed"),
    [
        (KEY, "", KEY, PASSED, "the key that was made"),
        (KEY, "", None, PASSED, "this run made none"),
        (OTHER, "", KEY, FAILED, "not the one that this run made"),
        (KEY, OTHER, None, FAILED, "another one is still pending"),
        (f"{KEY}\n", "", KEY, FAILED, "a line end or a space"),
        ("", KEY, KEY, FAILED, "it is empty"),
        ("unset", "", None, FAILED, "not a key"),
    ],
)
def test_the_stored_key_is_the_one_that_was_made(
    *, profile: Profile, vault: Vault, current: str, pending: str, made: str | None, verdict: Verdict, observed: str
) -> None:
    vault.fields |= {profile.current_key.secret: current, profile.pending_key.secret: pending}
    facts = {KEY_PRINT: vault.fingerprint(Secret(made))} if made else {}
    evidence = seen(KeyIsStored(profile=profile), profile, vault, facts)
    assert evidence.verdict is verdict
    assert observed in evidence.observed
    assert KEY[5:] not in repr(evidence)
    assert verdict is PASSED or evidence.likely.startswith("pasted with its line end" if current else "not stored yet")


def test_what_cannot_be_read_is_not_judged(profile: Profile, vault: Vault) -> None:
    vault.absent = {profile.current_key.secret: "authorization prompt dismissed"}
    assert seen(KeyIsStored(profile=profile), profile, vault).verdict is UNKNOWN


def test_an_item_that_is_named_ambiguously_is_no_locked_vault(profile: Profile, vault: Vault) -> None:
    ref = parse_ref(profile.secrets.read_by_roles[0])
    vault.absent = {ref: 'More than one item matches "x". Try again and specify the item by its ID:'}
    evidence = seen(ReferencesResolve(profile=profile), profile, vault)
    assert evidence.verdict is FAILED
    assert "by their ids" in evidence.remedy
