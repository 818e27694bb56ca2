"""The points of `key-status` about the key itself, each good once and bad once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from tests.systems.outside import KEY
from tests.watched.keyring_registry import NOW
from tests.watched.scene import OTHER, Scene
from zotops.watched_key.history import History
from zotops.watched_key.lines import rows
from zotops.watched_key.status import KeyState, Level, exit_code


def test_a_fresh_key_is_good_in_every_point(scene: Scene) -> None:
    status = scene.look()
    assert {point.name: point.level for point in status.points} == dict.fromkeys(
        ["key", "days", "due", "record", "strays", "labels", "endless", "revoked", "rotation", "forge"], Level.OK
    )
    assert (status.level, exit_code(status), status.state) == (Level.OK, 0, KeyState.WORKS)
    assert len(status.not_checked) == 1
    assert "when CI used this key last" in status.not_checked[0]


def test_days_are_counted_by_the_registrys_clock(scene: Scene) -> None:
    hour = 1 / 24
    assert scene.look().days_left == pytest.approx(80, abs=hour / 60)
    scene.memory.without_clock = True
    status = scene.look()
    assert not status.by_its_clock
    assert status.days_left == pytest.approx(80 - hour, abs=hour / 60), "our clock here is an hour ahead"
    text = "\n".join(row.head + row.text for row in rows(status, registry="r", symbols=True))
    assert "this machine's, not the registry's" in text


@pytest.mark.parametrize(
    ("days", "level"),
    [(14.1, Level.OK), (13.9, Level.WARNING), (7.1, Level.WARNING), (6.9, Level.CRITICAL), (0.01, Level.CRITICAL)],
)
def test_each_threshold_counts_from_its_day(scene: Scene, days: float, level: Level) -> None:
    scene.key.expires = NOW + timedelta(days=days)
    scene.own("expires", scene.key.expires.isoformat())
    assert scene.levels()["days"] is level


def test_a_key_without_an_end_is_a_warning_twice_over(scene: Scene) -> None:
    scene.key.expires = None
    scene.own("expires", "")
    assert scene.wrong() == {"days": Level.WARNING, "endless": Level.WARNING}
    assert scene.observed("days") == "it never expires"


# What is the matter with the key


Change = Callable[[Scene], object]


def deleted(scene: Scene) -> None:
    scene.memory.keys.clear()


def deleted_and_known(scene: Scene) -> None:
    scene.remember(scene.key)
    scene.own("current-id", "")
    deleted(scene)


def revoked_by_a_run(scene: Scene) -> None:
    scene.known = History(revoked=frozenset({scene.key.id}))
    deleted(scene)


def revoked_by_the_vaults_word(scene: Scene) -> None:
    scene.own("revoked", f"gone-1,{scene.key.id}")
    deleted(scene)


def expired_by_the_vaults_word(scene: Scene) -> None:
    scene.own("expires", (NOW - timedelta(days=1)).isoformat())
    deleted(scene)


def expired_by_a_day_in_the_vault(scene: Scene) -> None:
    scene.own("expires", NOW.date().isoformat())
    deleted(scene)


def expired_and_known(scene: Scene) -> None:
    scene.key.expires = NOW - timedelta(days=1)
    scene.remember(scene.key)
    scene.own("expires", "")


def another_than_known(scene: Scene) -> None:
    scene.remember(scene.key)
    scene.store(OTHER)


def emptied(scene: Scene) -> None:
    scene.store("")


def with_line_end(scene: Scene) -> None:
    scene.store(f"{KEY}\n")


def down(scene: Scene) -> None:
    scene.memory.down = ("registry.test",)


def judging_nobody(scene: Scene) -> None:
    scene.memory.says = {"other": 200}


def dropping_credentials(scene: Scene) -> None:
    scene.memory.says = {"key": 500}


def without_key_api(scene: Scene) -> None:
    scene.memory.says = {"key": 404, "other": 404}


def locked_vault(scene: Scene) -> None:
    scene.safe.troubles = {scene.profile.secrets.key_field: "1Password: You are not currently signed in"}


@pytest.mark.parametrize(
    ("change", "state", "level"),
    [
        (deleted, KeyState.REFUSED, Level.CRITICAL),
        (deleted_and_known, KeyState.REVOKED, Level.CRITICAL),
        (revoked_by_a_run, KeyState.REVOKED, Level.CRITICAL),
        (revoked_by_the_vaults_word, KeyState.REVOKED, Level.CRITICAL),
        (expired_by_the_vaults_word, KeyState.EXPIRED, Level.CRITICAL),
        (expired_by_a_day_in_the_vault, KeyState.EXPIRED, Level.CRITICAL),
        (expired_and_known, KeyState.EXPIRED, Level.CRITICAL),
        (another_than_known, KeyState.WRONG_PAIR, Level.CRITICAL),
        (emptied, KeyState.NO_KEY, Level.CRITICAL),
        (with_line_end, KeyState.NO_KEY, Level.CRITICAL),
        (down, KeyState.REGISTRY_DOWN, Level.UNKNOWN),
        (judging_nobody, KeyState.CANNOT_TELL, Level.UNKNOWN),
        (dropping_credentials, KeyState.CANNOT_TELL, Level.UNKNOWN),
        (without_key_api, KeyState.CANNOT_TELL, Level.UNKNOWN),
        (locked_vault, KeyState.CANNOT_TELL, Level.UNKNOWN),
    ],
)
def test_what_is_the_matter_is_told_apart(scene: Scene, change: Change, state: KeyState, level: Level) -> None:
    change(scene)
    status = scene.look()
    found = {point.name: point.level for point in status.points}
    assert (status.state, found["key"]) == (state, level)
    assert {found[name] for name in ("strays", "labels", "endless")} == {Level.UNKNOWN}
    assert exit_code(status) == (1 if level is Level.CRITICAL else 5)
    assert KEY not in repr(status)


@pytest.mark.parametrize(
    ("trouble", "asked_again"),
    [
        ("1Password: You are not currently signed in", False),
        ("`op` did not end within 150 s", False),
        ("the system's key chain is locked", False),
        ("the system's key chain gave no answer within 150 s", False),
        ("1Password: isn't an item in the vault", True),
    ],
)
def test_a_vault_that_is_locked_is_asked_once_and_not_for_each_field(
    scene: Scene, trouble: str, asked_again: bool
) -> None:
    scene.safe.troubles = {scene.profile.secrets.key_field: trouble}
    status = scene.look()
    assert (len(scene.safe.asked) > 1) is asked_again
    assert status.state is KeyState.CANNOT_TELL


def test_a_date_that_was_not_seen_at_the_registry_is_never_good_news(scene: Scene) -> None:
    scene.memory.down = ("registry.test",)
    assert scene.levels()["days"] is Level.UNKNOWN
    assert "says our own item; not seen at the registry" in scene.observed("days")
    scene.own("expires", (NOW + timedelta(days=3)).isoformat())
    assert scene.levels()["days"] is Level.CRITICAL


def test_no_key_is_sent_over_plain_http_and_that_is_not_called_down(scene: Scene) -> None:
    registry = msgspec.structs.replace(scene.profile.registry, plain_http_is_trusted=False)
    scene.profile = msgspec.structs.replace(scene.profile, registry=registry)
    status = scene.look()
    assert status.state is KeyState.CANNOT_TELL
    assert "no key is sent there" in status.points[0].observed


def test_the_key_that_was_asked_with_is_found_although_another_is_used_at_the_same_moment(scene: Scene) -> None:
    scene.memory.key(OTHER, label="busy")
    scene.memory.disturbed = 1
    assert scene.look().key_id == scene.key.id
    scene.memory.disturbed = 99
    status = scene.look()
    assert (status.key_id, status.state) == ("", KeyState.WORKS)
    assert "does not tell which key" in status.points[0].observed
    assert exit_code(status) == 5
