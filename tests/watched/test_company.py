"""The points of `key-status` about other keys, rotations and the forge, each good once and bad once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.systems.outside import KEY
from tests.watched.keyring_registry import NOW
from tests.watched.scene import ABSENT, OTHER, Scene, run
from zotops.systems.forge_api import MOST_PAGES, PAGE
from zotops.watched_key.history import History
from zotops.watched_key.status import Level, exit_code
from zotops.watched_key.watching import status_offline

# Other keys


def test_a_key_that_nobody_can_explain_is_a_stray(scene: Scene) -> None:
    stray = scene.memory.key(OTHER, label="by hand")
    assert scene.wrong() == {"strays": Level.WARNING}
    assert scene.observed("strays") == f'..{stray.id[-4:]} "by hand"'
    assert [other.why for other in scene.look().others] == ["stray"]


def test_an_expired_key_opens_nothing_and_is_no_stray(scene: Scene) -> None:
    scene.memory.key(OTHER, label="old", expires=NOW - timedelta(days=1))
    assert scene.wrong() == {}
    assert [other.why for other in scene.look().others] == ["expired"]


def test_a_label_that_stands_twice_is_told(scene: Scene) -> None:
    scene.memory.key(OTHER, label=scene.key.label)
    assert scene.wrong() == {"strays": Level.WARNING, "labels": Level.WARNING}
    assert scene.observed("labels") == '2 keys "zotops/7f3a/1"'


def test_another_key_without_an_end_is_told(scene: Scene) -> None:
    scene.memory.key(OTHER, label="for ever", expires=None)
    assert scene.wrong() == {"strays": Level.WARNING, "endless": Level.WARNING}


@pytest.mark.parametrize("by", ["vault", "journal"])
def test_a_revoked_key_that_is_listed_again_is_critical(scene: Scene, by: str) -> None:
    back = scene.memory.key(OTHER, label="zotops/0001/1")
    if by == "vault":
        scene.own("revoked", f"gone-1,{back.id}")
    else:
        scene.known = History(revoked=frozenset({back.id}))
    status = scene.look()
    assert scene.wrong() == {"revoked": Level.CRITICAL}
    assert exit_code(status) == 1
    assert "restored from a backup" in next(point.likely for point in status.points if point.name == "revoked")


def test_a_key_whose_last_use_was_a_look_of_ours_is_told_apart(scene: Scene) -> None:
    _, left = scene.both()
    seen = scene.key
    scene.key = scene.memory.key(OTHER, label="next")
    scene.store(OTHER)
    scene.known = History(last=left)
    assert [other.used_by_us for other in scene.look().others] == [True]
    seen.used = scene.memory.now + timedelta(seconds=1)
    assert [other.used_by_us for other in scene.look().others] == [False]


# Rotations


def test_an_abandoned_soak_is_a_warning_because_the_old_key_is_alive(scene: Scene) -> None:
    old = scene.memory.key(OTHER, label="zotops/0001/1")
    scene.known = History(unfinished=(run(done=("create", "promote"), old=old.id),))
    assert scene.wrong() == {"rotation": Level.WARNING}
    assert scene.observed("rotation") == f"run b21c stopped between two keys: the old one, ..{old.id[-4:]}, is alive"
    assert [other.why for other in scene.look().others] == ["the key from before"]
    assert scene.remedy("rotation") == "`invoke rotate-key` goes on where it stopped"
    scene.memory.keys.remove(old)
    assert "is no longer listed" in scene.observed("rotation")


def test_a_rotation_that_stopped_after_the_old_keys_end_does_not_call_it_the_one_in_use(scene: Scene) -> None:
    scene.known = History(unfinished=(run(done=("create", "promote", "revoke"), old="gone-1"),))
    assert scene.wrong() == {"rotation": Level.WARNING}
    assert "stopped after `revoke`: the old key is ended" in scene.observed("rotation")
    assert "stopped after `revoke`" in str(status_offline(scene.profile, scene.known, NOW).points)


def test_a_rotation_that_stopped_before_the_cut_over_is_a_warning_too_and_its_key_no_stray(scene: Scene) -> None:
    scene.memory.key(OTHER, label="zotops/b21c/1")
    scene.known = History(unfinished=(run(done=("create",), old=scene.key.id),))
    assert scene.wrong() == {"rotation": Level.WARNING}
    assert [other.why for other in scene.look().others] == ["made by run b21c"]


def test_a_rotation_that_is_under_way_is_none_that_was_left(scene: Scene) -> None:
    old = scene.memory.key(OTHER, label="zotops/0001/1")
    scene.known = History(unfinished=(run(done=("promote",), old=old.id),), at_work="run of rotate-key by sam")
    assert scene.wrong() == {}
    assert "under way: run of rotate-key by sam" in scene.observed("rotation")


def test_a_run_that_ended_explains_no_key(scene: Scene) -> None:
    scene.memory.key(OTHER, label="zotops/b21c/1")
    assert scene.wrong() == {"strays": Level.WARNING}


def test_another_machines_abandoned_soak_shows_by_the_previous_field(scene: Scene) -> None:
    old = scene.memory.key(OTHER, label="zotops/0001/1")
    scene.own("previous", OTHER)
    scene.own("current-id", old.id)
    assert scene.wrong() == {"rotation": Level.WARNING}
    assert "the field previous is filled" in scene.observed("rotation")
    assert [other.why for other in scene.look().others] == ["the key from before"]


def test_where_no_id_was_ever_noted_the_only_other_key_is_taken_for_the_one_before(scene: Scene) -> None:
    scene.memory.key(OTHER, label="zotops/0001/1")
    scene.own("previous", OTHER)
    scene.own("current-id", "")
    assert scene.wrong() == {"rotation": Level.WARNING}
    assert [other.why for other in scene.look().others] == ["the key from before, it seems"]
    scene.memory.key("zak_" + "1" * 32, label="by hand")
    assert scene.wrong() == {"rotation": Level.WARNING, "strays": Level.WARNING}
    assert [other.why for other in scene.look().others] == ["stray", "stray"]


def test_a_previous_field_whose_key_is_dead_is_no_rotation_that_was_left(scene: Scene) -> None:
    scene.own("previous", OTHER)
    assert "rotation" not in scene.wrong()


def test_another_machines_pending_key_is_told_and_is_no_stray(scene: Scene) -> None:
    scene.memory.key(OTHER, label="zotops/0001/1", made=NOW)
    scene.own("pending", OTHER)
    assert scene.wrong() == {"rotation": Level.WARNING}
    assert "on the machine where it was begun" in scene.remedy("rotation")
    assert [other.why for other in scene.look().others] == ["pending"]


def test_a_rotation_after_a_leak_that_was_left_is_a_warning(scene: Scene) -> None:
    scene.known = History(unfinished=(run("rotate-leaked-key", done=("create", "end-others")),))
    assert scene.wrong() == {"rotation": Level.WARNING}
    assert "stopped, after a leak, before its end" in scene.observed("rotation")
    assert scene.remedy("rotation") == "`invoke rotate-key --leaked` goes on where it stopped"
    scene.memory.keys.clear()
    assert scene.wrong()["key"] is Level.CRITICAL
    assert scene.remedy("key") == "`invoke rotate-key --leaked` goes on where it stopped"


def test_a_deployment_that_was_left_is_no_rotation(scene: Scene) -> None:
    scene.known = History(unfinished=(run("deploy"),))
    assert scene.wrong() == {}


# The forge


def test_a_forge_without_the_secret_is_told(scene: Scene) -> None:
    scene.memory.secrets.clear()
    assert scene.wrong() == {"forge": Level.WARNING}


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_forge_that_does_not_tell_is_unknown(scene: Scene, status: int) -> None:
    scene.memory.says = {"forge": status}
    assert scene.wrong() == {"forge": Level.UNKNOWN}


def test_a_forge_that_is_not_there_is_unknown(scene: Scene) -> None:
    scene.memory.down = ("forge.test",)
    assert scene.wrong() == {"forge": Level.UNKNOWN}


def test_a_secret_that_is_older_than_the_key_tells_nothing_since_an_update_keeps_its_time(scene: Scene) -> None:
    scene.memory.secrets[scene.profile.forge.secret] = NOW - timedelta(days=40)
    status = scene.look()
    assert "forge" not in {point.name for point in status.points}
    assert "first made, 2026-10-13" in " ".join(status.not_checked)


def test_what_a_run_of_ours_gave_to_the_forge_counts(scene: Scene) -> None:
    scene.memory.secrets[scene.profile.forge.secret] = NOW - timedelta(days=40)
    print_ = scene.print_of(KEY)
    scene.known = History(made_here=frozenset({print_}), given_to_the_forge={print_: NOW})
    assert scene.levels()["forge"] is Level.OK
    scene.known = History(made_here=frozenset({print_}))
    assert scene.wrong() == {"forge": Level.WARNING}
    assert scene.observed("forge").startswith("older:")


def test_without_a_token_for_the_forge_it_is_not_asked_and_that_is_said(scene: Scene) -> None:
    scene.safe.troubles = {"api-token": ABSENT}
    assert scene.wrong() == {}
    assert "no token for it is kept" in " ".join(scene.look().not_checked)
    assert not [asked for asked in scene.memory.asked if "forge.test" in asked]


# The schedule that looks at the key in the forge


@pytest.fixture
def watched(scene: Scene) -> Scene:
    forge = msgspec.structs.replace(scene.profile.forge, watched_by="watch.yaml")
    scene.profile = msgspec.structs.replace(scene.profile, forge=forge)
    return scene


def test_a_schedule_that_ended_well_last_night_is_good(watched: Scene) -> None:
    watched.memory.ran("watch.yaml", "success", NOW - timedelta(hours=30))
    watched.memory.ran("build-container.yaml", "failure", NOW)
    assert watched.wrong() == {}
    assert watched.observed("watch") == "last on 2026-11-21 06:00 UTC"


@pytest.mark.parametrize(
    ("workflow", "status", "hours"),
    [("watch.yaml", "success", 37), ("watch.yaml", "failure", 1), ("build-container.yaml", "success", 1)],
)
def test_a_schedule_that_does_not_end_well_any_more_is_told(
    watched: Scene, workflow: str, status: str, hours: int
) -> None:
    watched.memory.ran(workflow, status, NOW - timedelta(hours=hours))
    assert watched.wrong() == {"watch": Level.WARNING}


def test_of_more_runs_than_are_listed_only_a_success_that_was_seen_counts(watched: Scene) -> None:
    for _ in range(PAGE * MOST_PAGES):
        watched.memory.ran("build-container.yaml", "success", NOW)
    watched.memory.ran("watch.yaml", "success", NOW)
    assert watched.wrong() == {"watch": Level.UNKNOWN}
    assert "lists them in no order" in watched.observed("watch")
    watched.memory.runs.reverse()
    assert watched.wrong() == {}


def test_runs_that_cannot_be_listed_leave_it_open(watched: Scene) -> None:
    watched.memory.says = {"runs": 500}
    assert watched.wrong() == {"forge": Level.UNKNOWN, "watch": Level.UNKNOWN}


def test_without_a_token_or_a_schedule_nothing_is_said_of_it(watched: Scene) -> None:
    watched.safe.troubles = {"api-token": ABSENT}
    assert "watch" not in watched.levels()
    assert not [asked for asked in watched.memory.asked if "/actions/runs" in asked]


# What people are told of all this


def test_the_how_to_names_every_point_and_no_other(watched: Scene) -> None:
    text = (Path(__file__).parents[2] / "docs" / "howto" / "watch-the-key.md").read_text(encoding="utf-8")
    table = text.partition("| name | has to hold |")[2].partition("\n\n")[0]
    named = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    offline = status_offline(watched.profile, watched.known, NOW)
    points = [*(point.name for point in watched.look().points), *(point.name for point in offline.points)]
    assert named == list(dict.fromkeys(points))


@pytest.mark.parametrize("rows", [[{}], [None], ["x"], [[1]], {"name": 1}, 5])
def test_secrets_in_a_form_that_is_not_the_forges_are_unknown(scene: Scene, rows: object) -> None:
    scene.memory.odd = {"/actions/secrets": rows}
    assert scene.levels()["forge"] is Level.UNKNOWN
    assert "in a form that is not Forgejo's" in scene.observed("forge")


@pytest.mark.parametrize("row", [None, "x", {}])
def test_runs_that_are_none_are_unknown(watched: Scene, row: object) -> None:
    watched.memory.odd = {"/actions/runs": {"workflow_runs": [row]}}
    assert watched.levels()["watch"] is Level.UNKNOWN
    assert "in a form that is not Forgejo's" in watched.observed("watch")


@pytest.mark.parametrize("odd", [{"id": None}, {"event_payload": 5}, {"event_payload": "[]"}, {"event_payload": "{"}])
def test_runs_of_which_a_part_has_another_form_are_unknown(watched: Scene, odd: dict[str, Any]) -> None:
    watched.memory.ran("watch.yaml", "success", NOW)
    watched.memory.odd = {"/actions/runs": {"workflow_runs": [watched.memory.runs[0] | odd]}}
    assert watched.levels()["watch"] is Level.UNKNOWN
    assert "in a form that is not Forgejo's" in watched.observed("watch")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "2027-01-01T00:00:00", "2027-01-01"])
def test_a_time_without_a_zone_is_unknown(scene: Scene, text: str) -> None:
    scene.key.expires_as = text
    assert scene.levels()["strays"] is Level.UNKNOWN
