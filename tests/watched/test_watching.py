"""The points of `key-status` about the key itself, each good once and bad once; and what is told without asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.systems.outside import KEY
from tests.watched.keyring_registry import NOW
from tests.watched.scene import ABSENT, OTHER, Scene, run, scene_in
from zotops.watched_key.history import History, LastLook, moment
from zotops.watched_key.lines import one_line, rows
from zotops.watched_key.status import KeyState, KeyStatus, Level, exit_code
from zotops.watched_key.watching import status_offline


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return scene_in(tmp_path)


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


# What our own item says


def test_the_day_of_the_next_rotation_comes(scene: Scene) -> None:
    scene.own("due", "2026-11-22")
    assert scene.wrong() == {"due": Level.WARNING}
    scene.own("due", "")
    assert scene.look().dates.due == scene.key.made + timedelta(days=60)
    scene.key.made = NOW - timedelta(days=61)
    scene.memory.secrets[scene.profile.forge.secret] = NOW
    assert scene.wrong() == {"due": Level.WARNING}


def test_a_day_that_is_none_is_told(scene: Scene) -> None:
    scene.own("due", "soon")
    assert scene.wrong() == {"due": Level.WARNING}
    assert "'soon', which is no date" in scene.observed("due")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("current-id", "another-id", "its id is ..r-id"),
        ("expires", "2026-12-24T00:00:00+00:00", "it ends 2026-12-24 there"),
        ("expires", "someday", "it ends on no date there"),
    ],
)
def test_an_item_that_tells_of_another_key_is_told(scene: Scene, name: str, value: str, said: str) -> None:
    scene.own(name, value)
    assert scene.wrong() == {"record": Level.WARNING}
    assert said in scene.observed("record")


def test_an_item_that_tells_nothing_yet_is_not_called_good(scene: Scene) -> None:
    for name in ("expires", "current-id", "due", "revoked"):
        scene.own(name, "")
    status = scene.look()
    assert {"record", "revoked"}.isdisjoint(point.name for point in status.points)
    said = " ".join(status.not_checked)
    assert "it tells nothing of the key yet" in said
    assert "whether a revoked key is back: none is recorded" in said


def test_fields_that_a_store_does_not_have_are_as_empty_ones(scene: Scene) -> None:
    names = ("pending", "previous", "expires", "due", "current-id", "revoked")
    scene.safe.troubles = dict.fromkeys(names, ABSENT)
    assert scene.wrong() == {}
    assert "none is recorded" in " ".join(scene.look().not_checked)


def test_fields_that_may_not_be_read_leave_everything_open_that_hangs_on_them(scene: Scene) -> None:
    scene.safe.troubles = dict.fromkeys(("pending", "previous", "expires", "current-id", "revoked"), "it is locked")
    assert scene.wrong() == {"record": Level.UNKNOWN, "revoked": Level.UNKNOWN, "rotation": Level.UNKNOWN}
    assert exit_code(scene.look()) == 5


# What is left for later, and without asking anybody


def test_a_look_leaves_dates_and_a_fingerprint_and_no_secret(scene: Scene) -> None:
    status, left = scene.both()
    assert (left.id, left.label, left.print) == (scene.key.id, scene.key.label, scene.print_of(KEY))
    assert moment(left.expires) == scene.key.expires
    assert left.told_at == left.seen_at == left.at != ""
    assert status.last_success == moment(left.at)
    assert KEY not in repr(left)


def test_a_look_that_could_not_tell_everything_leaves_the_last_success_alone(scene: Scene) -> None:
    _, good = scene.both()
    scene.known = History(last=replace_look(good, told_at="2026-11-01T00:00:00+00:00"))
    scene.memory.says = {"forge": 500}
    status, left = scene.both()
    assert left.told_at == "2026-11-01T00:00:00+00:00"
    assert status.last_success == moment(left.told_at)
    assert left.seen_at == left.at
    scene.memory.down = ("registry.test",)
    _, blind = scene.both()
    assert (blind.seen_at, blind.id, blind.print) == (good.seen_at, good.id, good.print)


def replace_look(look: LastLook, **changes: str) -> LastLook:
    return msgspec.structs.replace(look, **changes)


def offline(scene: Scene, *, looked_hours_ago: float | None = 1.0) -> KeyStatus:
    told = "" if looked_hours_ago is None else (NOW - timedelta(hours=looked_hours_ago)).isoformat()
    scene.known = replace(scene.known, last=LastLook(registry="r", at=told, told_at=told) if told else None)
    return status_offline(scene.profile, scene.known, NOW)


def by_name(status: KeyStatus) -> dict[str, Level]:
    return {point.name: point.level for point in status.points}


def test_offline_counts_from_what_is_kept_and_asks_nobody(scene: Scene) -> None:
    scene.remember(scene.key)
    status = offline(scene)
    assert by_name(status) == dict.fromkeys(("days", "due", "rotation", "look"), Level.OK)
    assert (status.key_id, status.state, status.by_its_clock) == (scene.key.id, KeyState.NOT_ASKED, False)
    assert scene.memory.asked == []


def test_offline_without_anything_kept_can_tell_nothing(scene: Scene) -> None:
    status = offline(scene, looked_hours_ago=None)
    assert by_name(status) == {
        "days": Level.UNKNOWN,
        "due": Level.UNKNOWN,
        "rotation": Level.OK,
        "look": Level.UNKNOWN,
    }
    assert exit_code(status) == 5


@pytest.mark.parametrize(("hours", "level"), [(35.0, Level.OK), (37.0, Level.WARNING)])
def test_a_schedule_that_has_stopped_shows_by_the_age_of_its_last_success(
    scene: Scene, hours: float, level: Level
) -> None:
    scene.remember(scene.key)
    assert by_name(offline(scene, looked_hours_ago=hours))["look"] is level


@pytest.mark.parametrize(
    ("days", "level"), [(80, Level.OK), (10, Level.WARNING), (3, Level.CRITICAL), (-1, Level.CRITICAL)]
)
def test_offline_knows_the_thresholds_too(scene: Scene, days: int, level: Level) -> None:
    scene.key.expires = NOW + timedelta(days=days)
    scene.remember(scene.key)
    assert by_name(offline(scene))["days"] is level


def test_offline_an_abandoned_soak_is_a_warning(scene: Scene) -> None:
    scene.remember(scene.key, unfinished=(run(done=("promote",), old="old-id-0002"),))
    assert by_name(offline(scene))["rotation"] is Level.WARNING
    scene.known = replace(scene.known, at_work="run of rotate-key")
    assert by_name(offline(scene))["rotation"] is Level.OK


# One line


def test_the_one_line_names_the_worst_first_and_has_its_numbers_after_a_single_bar(scene: Scene) -> None:
    scene.memory.key(OTHER, label="a|b", expires=None)
    scene.key.expires = NOW + timedelta(days=3)
    line = one_line(scene.look())
    assert line.startswith("CRITICAL: practice: the key has 14 days left or more: no, it ends in 3 days")
    text, _, numbers = line.partition(" | ")
    assert "|" not in text
    assert numbers == "days_left=3.00;14:;7: strays=1;0"
