"""What our own item says of the key, and when it says nothing, or of another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.watched.keyring_registry import NOW
from tests.watched.scene import ABSENT, Scene
from zotops.watched_key.status import Level, exit_code


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


def test_a_day_of_expiry_that_a_person_wrote_is_right_when_the_key_ends_on_it(scene: Scene) -> None:
    assert scene.key.expires is not None
    scene.own("expires", scene.key.expires.date().isoformat())
    assert scene.wrong() == {}


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
