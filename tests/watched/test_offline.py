"""What a look leaves for later, what is told from that without asking anybody, and in one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from tests.systems.outside import KEY
from tests.watched.keyring_registry import NOW
from tests.watched.scene import OTHER, Scene, run
from zotops.systems.moments import moment
from zotops.watched_key.history import History, LastLook
from zotops.watched_key.lines import one_line
from zotops.watched_key.status import KeyState, KeyStatus, Level, exit_code
from zotops.watched_key.watching import status_offline


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
def test_a_label_makes_no_second_line(scene: Scene) -> None:
    scene.memory.key(OTHER, label="x\nOK: practice: all is well | a=1")
    line = one_line(scene.look())
    assert "x OK: practice: all is well / a=1" in line
    assert (len(line.splitlines()), line.count("|")) == (1, 1)


def test_the_one_line_names_the_worst_first_and_has_its_numbers_after_a_single_bar(scene: Scene) -> None:
    scene.memory.key(OTHER, label="a|b", expires=None)
    scene.key.expires = NOW + timedelta(days=3)
    line = one_line(scene.look())
    assert line.startswith("CRITICAL: practice: the key has 14 days left or more: no, it ends in 3 days")
    text, _, numbers = line.partition(" | ")
    assert "|" not in text
    assert numbers == "days_left=3.00;14:;7: strays=1;0"
