"""Against the practice vault: what is written is what is there, nothing else changes, and no secret shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.practice_world import Practice
from tests.secret_stores.practice_vault import KEY, edits, opened, other_values, own, shared, stored
from zotops.doors import RealPrograms
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.lab import vault
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.secret_stores.onepassword import OnePassword, has_passkey, is_concealed
from zotops.secret_stores.values import fault_of
from zotops.world import Secret, SecretRef


def test_a_secret_is_read_and_known_to_the_redactor(store: OnePassword, practice: Practice, redactor: Redactor) -> None:
    token = stored(practice, shared(practice, "api-token"))
    assert token
    assert store.read(shared(practice, "api-token")) == Secret(token)
    assert redactor.redact(f"token {token}") == f"token {PLACEHOLDER}"


def test_a_line_end_that_was_stored_is_read_too(store: OnePassword, practice: Practice) -> None:
    with practice.state.edit("vault") as document:
        vault.set_value(document, practice.names["shared_item"], "zot-ci-api", f"{KEY}\n")
    assert store.read(shared(practice)) == Secret(f"{KEY}\n")


def test_an_empty_field_reads_as_empty(store: OnePassword, practice: Practice) -> None:
    assert not store.read(own(practice, "pending"))


def test_a_date_is_no_secret(store: OnePassword, practice: Practice, redactor: Redactor) -> None:
    store.write(practice.names["own_item"], {"expires": Secret("2027-02-19T00:00:00+00:00")})
    assert store.read(own(practice, "expires")).reveal() == "2027-02-19T00:00:00+00:00"
    assert redactor.redact("until 2027-02-19T00:00:00+00:00") == "until 2027-02-19T00:00:00+00:00"


def test_a_write_is_one_edit_and_changes_nothing_else(store: OnePassword, practice: Practice) -> None:
    before, version = other_values(practice), practice.state.read("vault")["items"][shared(practice).item]["version"]
    made = len(edits(practice))
    store.write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})
    assert stored(practice, shared(practice)) == KEY
    assert other_values(practice) == before
    assert practice.state.read("vault")["items"][shared(practice).item]["version"] == version + 1
    assert [call["stdin"] for call in edits(practice)[made:]] == ["fifo"]


def test_several_fields_are_set_and_emptied_in_one_edit(store: OnePassword, practice: Practice) -> None:
    item, made = practice.names["own_item"], len(edits(practice))
    store.write(item, {"pending": Secret(KEY), "expires": Secret("2027-02-19T00:00:00Z")})
    store.write(item, {"pending": None, "previous": Secret(KEY)})
    assert [stored(practice, own(practice, name)) for name in ("pending", "previous")] == ["", KEY]
    assert stored(practice, own(practice, "expires")) == "2027-02-19T00:00:00Z"
    assert len(edits(practice)) == made + 2


def test_no_secret_is_in_an_argument_or_in_the_environment(store: OnePassword, practice: Practice) -> None:
    tokens = [value for value in other_values(practice).values() if value]
    store.write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})
    store.read(shared(practice))
    said = json.dumps(practice.calls("op"))
    assert KEY not in said
    assert not [token for token in tokens if token in said]
    assert {call["stdin"] for call in practice.calls("op") if call["argv"][:2] != ["item", "edit"]} == {"null"}


@pytest.mark.parametrize("value", ["", "-", f"{KEY}\n", "two words", "\t"])
def test_a_careless_value_is_refused_before_anything_is_written(
    store: OnePassword, practice: Practice, value: str
) -> None:
    before = practice.state.read("vault")
    with pytest.raises(ActionFailed, match="nothing was written"):
        store.write(practice.names["shared_item"], {"zot-ci-api": Secret(value)})
    assert practice.state.read("vault") == before


def test_a_field_that_is_not_there_is_not_made_up(store: OnePassword, practice: Practice) -> None:
    with pytest.raises(ActionFailed, match="has no fields named 'zot-ci-apikey': add it"):
        store.write(practice.names["shared_item"], {"zot-ci-apikey": Secret(KEY)})


def test_two_fields_of_one_name_are_refused(store: OnePassword, practice: Practice) -> None:
    with practice.state.edit("vault") as document:
        fields = document["items"][practice.names["shared_item"]]["fields"]
        fields.append({**fields[0], "id": "another", "label": fields[0]["label"].upper()})
    with pytest.raises(ActionFailed, match="has 2 fields named 'zot-ci-api': give each its own label"):
        store.write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})


def test_an_item_with_a_passkey_is_refused(store: OnePassword, practice: Practice) -> None:
    with practice.state.edit("vault") as document:
        document["items"][practice.names["shared_item"]]["passkey"] = {"credentialId": "abc"}
    with pytest.raises(ActionFailed, match="holds a passkey"):
        store.write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ("append_newline", "was stored with a line end"),
        ("forget_write", "is not what was written"),
        ("touch_other_field", "another field, 'runner_reg', has changed"),
    ],
)
def test_an_edit_that_succeeds_and_yet_went_wrong_is_uncertain(
    store: OnePassword, practice: Practice, switch: str, said: str
) -> None:
    practice.quirk("op", **{switch: True})
    with pytest.raises(Uncertain, match=said) as caught:
        store.write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})
    assert KEY not in str(caught.value)


def test_signed_out_is_said_with_its_remedy(store: OnePassword, practice: Practice) -> None:
    practice.quirk("op", signed_out=True)
    with pytest.raises(Unreachable, match=r"1Password: .*not currently signed in.*: unlock 1Password, or `op signin`"):
        store.read(shared(practice))
    with pytest.raises(Unreachable, match="unlock 1Password"):
        store.fingerprints(practice.names["shared_item"])
    with pytest.raises(ActionFailed, match="unlock 1Password"):
        store.write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})


@pytest.mark.parametrize(
    ("ref", "options", "said"),
    [
        (SecretRef("nowhere", "x"), {}, "isn't an item"),
        (SecretRef("forgejosecretsid0000000000", "nothing"), {}, "does not have a field"),
        (SecretRef("forgejosecretsid0000000000", "zot-ci-api"), {"vault": "other"}, "isn't a vault in this account"),
    ],
)
def test_what_is_not_there_is_named_in_the_vaults_words(
    practice: Practice, redactor: Redactor, ref: SecretRef, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(Unreachable, match=said):
        opened(practice, redactor, **options).read(ref)


def test_fingerprints_are_of_all_secrets_keyed_and_comparable(store: OnePassword, practice: Practice) -> None:
    store.write(practice.names["own_item"], {"pending": Secret(KEY)})
    prints = store.fingerprints(practice.names["own_item"])
    assert prints["pending"] == store.fingerprint(Secret(KEY)) != ""
    assert prints["previous"] == store.fingerprint(Secret("")) == ""
    assert "expires" not in prints
    other = OnePassword(programs=RealPrograms(Redactor()), vault="v", redactor=Redactor(), key=b"o" * 32, patience=1)
    assert other.fingerprint(Secret(KEY)) != prints["pending"]


def test_every_secret_of_an_item_that_was_looked_at_is_known(
    store: OnePassword, practice: Practice, redactor: Redactor
) -> None:
    store.fingerprints(practice.names["shared_item"])
    tokens = [value for value in other_values(practice).values() if value]
    assert tokens
    assert all(redactor.redact(token) == PLACEHOLDER for token in tokens)
    assert any("forgejosecretsid0000000000/api-token" in name for name in redactor.forms().values())


@pytest.mark.parametrize(
    ("field", "secret"),
    [
        ({"type": "CONCEALED"}, True),
        ({"type": "STRING"}, False),
        ({"type": "STRING", "purpose": "PASSWORD"}, True),
        ({"type": "OTP"}, True),
        ({"type": "SOMETHING_NEW"}, True),
        ({}, True),
    ],
)
def test_a_field_of_an_unknown_type_is_taken_for_a_secret(field: dict[str, str], secret: bool) -> None:
    assert is_concealed(field) is secret


@pytest.mark.parametrize(
    ("item", "has_one"),
    [
        ({"fields": [{"label": "passkey", "type": "STRING", "value": "passkey"}], "title": "Passkey"}, False),
        ({"passkey": {}}, False),
        ({"passkey": {"a": 1}}, True),
        ({"fields": [{"type": "PASSKEY"}]}, True),
        ({"login": {"passkeys": ["x"]}}, True),
    ],
)
def test_a_passkey_is_recognised_by_its_place_not_by_a_label(item: dict[str, Any], has_one: bool) -> None:
    assert has_passkey(item) is has_one


def test_a_good_value_has_no_fault() -> None:
    assert fault_of(Secret(KEY)) == ""
