"""Keys and users in `meta.db`, and the times that keys carry."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from zotops.lab.registry.accounts import Accounts, Key
from zotops.lab.registry.moments import NEVER, is_past, normal, now

Opened = Callable[[], Accounts]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens `meta.db` as a starting registry does."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Accounts(tmp_path / "meta.db")))


def key(uuid: str = "id", *, until: str = NEVER) -> Key:
    return Key(uuid=uuid, created_at=now(), expiration_date=until, creator_ua="tests", label=uuid, scopes=None)


def test_users_and_keys_are_there_again_after_a_restart(opened: Opened) -> None:
    accounts = opened()
    accounts.signed_in("zot-ci", ["artifact-workloads"])
    accounts.add("zot-ci", "secret", key("kept"))
    accounts.add("zot-ci", "other", key("gone"))
    accounts.remove("zot-ci", "gone")
    again = opened()
    assert again.groups_of("zot-ci") == ["artifact-workloads"]
    assert [one.uuid for one in again.keys_of("zot-ci")] == ["kept"]
    assert again.use("zot-ci", "zak_secret")
    assert not again.use("zot-ci", "zak_other")


def test_a_torn_last_record_never_happened(opened: Opened, tmp_path: Path) -> None:
    accounts = opened()
    accounts.signed_in("zot-ci", ["artifact-workloads"])
    with (tmp_path / "meta.db").open("ab") as file:
        file.write(b'{"user": "zot-ci", "groups": ["adm')
    opened().signed_in("alice", ["admins"])
    again = opened()
    assert (again.groups_of("zot-ci"), again.groups_of("alice")) == (["artifact-workloads"], ["admins"])


@pytest.mark.parametrize("passphrase", ["secret", "zak_SECRET", "zak_", "", "xzak_secret", "zak_zak_secret"])
def test_only_the_exact_secret_opens(opened: Opened, passphrase: str) -> None:
    accounts = opened()
    accounts.add("zot-ci", "secret", key())
    assert not accounts.use("zot-ci", passphrase)
    assert not accounts.use("Zot-ci", "zak_secret")
    assert accounts.keys_of("zot-ci")[0].last_used == NEVER


def test_an_expired_key_does_not_open_and_is_flagged_when_it_is_listed(opened: Opened) -> None:
    accounts = opened()
    accounts.add("zot-ci", "secret", key(until="2001-01-01T00:00:00Z"))
    assert not accounts.use("zot-ci", "zak_secret")
    assert [one.is_expired for one in accounts.keys_of("zot-ci")] == [True]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2099-02-19T12:00:00Z", "2099-02-19T12:00:00Z"),
        ("2099-02-19T12:00:00.500Z", "2099-02-19T12:00:00.5Z"),
        ("2099-02-19T12:00:00.123456789+05:30", "2099-02-19T12:00:00.123456789+05:30"),
        ("2099-02-19T12:00:00+00:00", "2099-02-19T12:00:00Z"),
        ("2099-02-19T12:00:00-00:00", "2099-02-19T12:00:00Z"),
    ],
)
def test_a_time_is_kept_as_go_writes_it(written: str, kept: str) -> None:
    assert normal(written) == kept
    assert not is_past(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2099-02-19",
        "2099-02-19T12:00:00",
        "2099-02-19 12:00:00Z",
        "2099-02-19t12:00:00z",
        "2099-02-30T00:00:00Z",
        "2099-02-19T25:00:00Z",
        "2099-02-19T12:00:00.1234567890Z",
        "2099-02-19T12:00:00+99:00",
        "tomorrow",
    ],
)
def test_anything_else_is_no_time(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normal(written)


@pytest.mark.parametrize(
    ("moment", "past"), [(NEVER, True), ("2001-01-01T00:00:00Z", True), ("9999-12-31T23:59:59Z", False)]
)
def test_whether_a_time_is_over(moment: str, *, past: bool) -> None:
    assert is_past(moment) is past
    assert is_past(now())
