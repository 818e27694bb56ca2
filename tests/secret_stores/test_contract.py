"""What every store that can write promises, held to each of them: 1Password by the lab's `op`, and a key chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import keyring
import pytest

from tests.lab.practice_world import Practice
from tests.secret_stores import file_key_chain
from tests.secret_stores.practice_vault import opened
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.lab import vault
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.secret_stores.key_chain import KeyChain
from zotops.world import Secret, SecretRef, SecretStore

KEY, SECOND = "zak_0123456789abcdef0123456789abcdef", "zak_fedcba9876543210fedcba9876543210"
OWN = "ownitemid"
FIELDS = {OWN: ("pending", "previous"), "shared": ("zot-ci-api", "api-token")}


@dataclass(frozen=True)
class Held:
    """A store, the item of ours in it, a way past it, and how to lock it or have it store a line end."""

    store: SecretStore
    redactor: Redactor
    own: str
    shared: str
    peek: Callable[[SecretRef], str]
    put: Callable[[SecretRef, str], None]
    lock: Callable[[], None]
    spoil: Callable[[], None]
    forget: Callable[[], None]

    def ref(self, name: str) -> SecretRef:
        return SecretRef(self.own, name)


def onepassword(practice: Practice, redactor: Redactor) -> Held:
    def put(ref: SecretRef, value: str) -> None:
        with practice.state.edit("vault") as document:
            vault.set_value(document, ref.item, ref.field, value)

    return Held(
        store=opened(practice, redactor),
        redactor=redactor,
        own=practice.names["own_item"],
        shared=practice.names["shared_item"],
        peek=lambda ref: vault.value_of(practice.state.read("vault"), ref.item, ref.field) or "",
        put=put,
        lock=lambda: practice.quirk("op", signed_out=True),
        spoil=lambda: practice.quirk("op", append_newline=True),
        forget=lambda: practice.quirk("op", forget_write=True),
    )


def key_chain(file: Path, redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> Held:
    monkeypatch.setenv(file_key_chain.FILE, str(file))
    monkeypatch.setattr(keyring.core, "_keyring_backend", file_key_chain.chosen())
    store = KeyChain(name="zotops", fields=FIELDS, redactor=redactor, key=b"k" * 32, patience=5.0)

    def put(ref: SecretRef, value: str) -> None:
        document = file_key_chain.read()
        document["entries"][f"zotops/{ref.item} {ref.field}"] = value
        file_key_chain.write(document)

    return Held(
        store=store,
        redactor=redactor,
        own=OWN,
        shared="shared",
        peek=lambda ref: file_key_chain.read()["entries"].get(f"zotops/{ref.item} {ref.field}", ""),
        put=put,
        lock=lambda: file_key_chain.trouble(locked=True),
        spoil=lambda: file_key_chain.trouble(line_end=True),
        forget=lambda: file_key_chain.trouble(forgets=True),
    )


@pytest.fixture(params=["onepassword", "keyring"])
def held(request: pytest.FixtureRequest, redactor: Redactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Held:
    if request.param == "keyring":
        return key_chain(tmp_path / "chain.json", redactor, monkeypatch)
    return onepassword(request.getfixturevalue("practice"), redactor)


def write(held: Held, fields: Mapping[str, str | None]) -> None:
    held.store.write(held.own, {name: None if value is None else Secret(value) for name, value in fields.items()})


def test_what_was_written_is_read_and_known_to_the_redactor(held: Held) -> None:
    write(held, {"pending": KEY})
    assert held.peek(held.ref("pending")) == KEY
    assert held.store.read(held.ref("pending")) == Secret(KEY)
    held.put(held.ref("previous"), "correct-horse-battery")
    held.store.read(held.ref("previous"))
    assert held.redactor.redact("it is correct-horse-battery") == f"it is {PLACEHOLDER}"


def test_a_field_without_a_value_reads_as_empty(held: Held) -> None:
    assert not held.store.read(held.ref("pending"))


def test_none_empties_a_field_and_may_be_repeated(held: Held) -> None:
    write(held, {"pending": KEY})
    for _ in range(2):
        write(held, {"pending": None})
        assert (held.peek(held.ref("pending")), bool(held.store.read(held.ref("pending")))) == ("", False)


def test_several_fields_are_set_and_emptied_at_once_and_the_others_stay(held: Held) -> None:
    held.put(SecretRef(held.shared, "api-token"), "token-of-the-owner")
    write(held, {"pending": KEY, "expires": "2027-02-19T00:00:00+00:00"})
    write(held, {"pending": None, "previous": KEY})
    found = [held.peek(held.ref(name)) for name in ("pending", "previous", "expires")]
    assert found == ["", KEY, "2027-02-19T00:00:00+00:00"]
    assert held.peek(SecretRef(held.shared, "api-token")) == "token-of-the-owner"


def test_a_line_end_that_somebody_stored_is_read_too(held: Held) -> None:
    held.put(held.ref("pending"), f"{KEY}\n")
    assert held.store.read(held.ref("pending")).reveal() == f"{KEY}\n"


@pytest.mark.parametrize("value", ["", "-", f"{KEY}\n", "two words", "\t"])
def test_a_careless_value_is_refused_before_anything_is_written(held: Held, value: str) -> None:
    write(held, {"pending": KEY})
    with pytest.raises(ActionFailed, match="nothing was written"):
        write(held, {"previous": SECOND, "pending": value})
    assert (held.peek(held.ref("previous")), held.peek(held.ref("pending"))) == ("", KEY)


def test_dates_and_ids_are_no_secrets(held: Held) -> None:
    key_id = "1b4e28ba-2fa1-4d12-a3b5-0123456789ab"
    for name, value in (("expires", "2027-02-19T00:00:00+00:00"), ("due", "2027-01-20"), ("current-id", key_id)):
        write(held, {name: value})
        held.store.read(held.ref(name))
        assert held.redactor.redact(f"it is {value}") == f"it is {value}"


def test_fingerprints_are_of_the_concealed_fields_keyed_and_comparable(held: Held) -> None:
    write(held, {"pending": KEY, "expires": "2027-02-19T00:00:00+00:00"})
    prints = held.store.fingerprints(held.own)
    assert {"pending", "previous"} <= prints.keys()
    assert "expires" not in prints
    assert prints["pending"] == held.store.fingerprint(Secret(KEY)) != held.store.fingerprint(Secret(SECOND))
    assert prints["previous"] == held.store.fingerprint(Secret("")) == ""
    assert KEY not in repr(prints)


def test_a_locked_store_says_so_and_has_written_nothing(held: Held) -> None:
    held.lock()
    with pytest.raises(Unreachable, match="unlock"):
        held.store.read(held.ref("pending"))
    with pytest.raises(Unreachable, match="unlock"):
        held.store.fingerprints(held.own)
    with pytest.raises(ActionFailed, match="unlock"):
        write(held, {"pending": KEY})
    assert held.peek(held.ref("pending")) == ""


@pytest.mark.parametrize(
    ("go_wrong", "said"), [("spoil", "was stored with a line end"), ("forget", "is not what was written|is empty")]
)
def test_a_write_that_succeeds_and_yet_went_wrong_is_uncertain(held: Held, go_wrong: str, said: str) -> None:
    getattr(held, go_wrong)()
    with pytest.raises(Uncertain, match=said) as caught:
        write(held, {"pending": KEY})
    assert KEY not in str(caught.value)
