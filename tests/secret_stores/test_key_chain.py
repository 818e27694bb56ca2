"""What only a key chain does: one entry at a time, no list of fields, and a dialog that may never be answered."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest

from tests.secret_stores import file_key_chain
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.redaction import Redactor
from zotops.secret_stores.key_chain import KeyChain
from zotops.world import Secret, SecretRef

KEY, SECOND = "zak_0123456789abcdef0123456789abcdef", "zak_fedcba9876543210fedcba9876543210"
REF = SecretRef("own", "pending")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyChain:
    monkeypatch.setenv(file_key_chain.FILE, str(tmp_path / "chain.json"))
    monkeypatch.setattr(keyring.core, "_keyring_backend", file_key_chain.chosen())
    fields = {"own": ("pending", "previous")}
    return KeyChain(name="zotops", fields=fields, redactor=Redactor(), key=b"k" * 32, patience=2.0)


def entries() -> dict[str, str]:
    found: dict[str, str] = file_key_chain.read()["entries"]
    return found


def test_an_entry_is_named_by_store_and_item_with_the_field_as_its_account(store: KeyChain) -> None:
    store.write("own", {"pending": Secret(KEY)})
    assert entries() == {"zotops/own pending": KEY}


def test_previous_is_written_first_and_pending_last_so_that_no_key_is_ever_lost(store: KeyChain) -> None:
    store.write("own", {"pending": Secret(KEY)})
    file_key_chain.trouble(after=1)
    with pytest.raises(Uncertain, match="is locked"):
        store.write("own", {"pending": None, "expires": Secret("2027-02-19"), "previous": Secret(KEY)})
    assert entries() == {"zotops/own pending": KEY, "zotops/own previous": KEY}


def test_a_first_entry_that_is_refused_means_that_nothing_was_written(store: KeyChain) -> None:
    file_key_chain.trouble(after=0)
    with pytest.raises(ActionFailed, match="is locked"):
        store.write("own", {"pending": Secret(KEY), "previous": Secret(SECOND)})
    assert entries() == {}


def test_an_entry_that_was_written_and_cannot_be_read_back_is_not_called_unwritten(store: KeyChain) -> None:
    file_key_chain.trouble(shuts=True)
    with pytest.raises(Uncertain, match="is locked"):
        store.write("own", {"pending": Secret(KEY)})
    assert entries() == {"zotops/own pending": KEY}


def test_a_system_without_a_key_chain_is_told_with_what_to_install(store: KeyChain) -> None:
    file_key_chain.trouble(absent=True)
    with pytest.raises(Unreachable, match=r"no key chain that can be used: .*GNOME Keyring"):
        store.read(REF)


def test_a_dialog_that_nobody_answers_ends_after_the_profiles_patience(store: KeyChain) -> None:
    file_key_chain.trouble(slow=4)
    with pytest.raises(Unreachable, match=r"no answer within 2 s"):
        store.read(REF)
    with pytest.raises(Uncertain, match="may still do it"):
        store.write("own", {"pending": Secret(KEY)})


def test_a_back_end_that_quotes_what_it_was_given_is_not_repeated(store: KeyChain) -> None:
    file_key_chain.trouble(quotes=f"cannot store {KEY}")
    with pytest.raises(ActionFailed) as caught:
        store.write("own", {"pending": Secret(KEY)})
    assert str(caught.value).startswith("the system's key chain refused (PasswordSetError)")
    assert KEY not in str(caught.value)


def test_a_mistake_of_ours_is_not_called_a_locked_key_chain(store: KeyChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(file_key_chain.FILE)
    with pytest.raises(KeyError):
        store.read(REF)


def test_an_item_of_which_no_field_is_known_has_no_fingerprints(store: KeyChain) -> None:
    assert store.fingerprints("another") == {}
