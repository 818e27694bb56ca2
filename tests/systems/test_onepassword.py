"""What `op` complains of, as it has been seen, and what to do about it."""

from __future__ import annotations

import pytest

from zotops.systems.onepassword import UNRECOGNISED, complaint_in

ADVICE = [
    ("You are not currently signed in. Please run `op signin --help` for instructions", "unlock 1Password"),
    ("account is not signed in", "unlock 1Password"),
    ("could not find session token for account my", "unlock 1Password"),
    ("No accounts configured for use with 1Password CLI.", "op account add"),
    ("no account found for filter x", "op account add"),
    ("error initializing client: authorization prompt dismissed, please try again", "approve the prompt"),
    ("authorization timeout", "approve the prompt"),
    ("cannot setup session", "approve the prompt"),
    (
        "connecting to desktop app timed out, make sure it is installed, running and CLI integration is enabled",
        "open the",
    ),
    ("context deadline exceeded", "open the"),
    ('"x" isn\'t a vault in this account. Specify the vault with its ID or name.', "op vault list"),
    ('"x" isn\'t an item in the "V" vault. Specify the item with its UUID, name, or domain.', "item list"),
    ("could not read secret 'op://v/i/f': item 'v/i' does not have a field 'f'", "add that field"),
    ("could not find field or file", "add that field"),
    ('More than one item matches "X". Try again and specify the item by its ID:\n\t* for the item', "by its id"),
    ("(403) Forbidden: You do not have the right", "right to read and to write"),
    ("(401) Unauthorized: not yours", "right to read and to write"),
    ("You do not have permission to perform this action.", "right to read and to write"),
    ("failed to session.DecodeSACredentials: illegal base64", "is damaged"),
    ("unable to process line 1: invalid JSON in piped input", "nothing was written"),
]


@pytest.mark.parametrize(("text", "advice"), ADVICE)
def test_a_known_complaint_comes_with_its_advice_in_any_letter_case(text: str, advice: str) -> None:
    assert advice in complaint_in(text).advice
    assert complaint_in(text.upper()) == complaint_in(text)


def test_an_unknown_complaint_proves_nothing_about_a_write() -> None:
    assert complaint_in("something new") is UNRECOGNISED
    assert not UNRECOGNISED.wrote_nothing


@pytest.mark.parametrize("text", ["context deadline exceeded", "connecting to desktop app timed out"])
def test_a_timeout_proves_nothing_either(text: str) -> None:
    assert not complaint_in(text).wrote_nothing
