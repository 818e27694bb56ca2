"""One issue a threshold and key: opened once, left alone while it is there, and never with a secret in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.systems.outside import KEY, world_of
from tests.watched.keyring_registry import NOW
from tests.watched.scene import OTHER, Scene, scene_in
from zotops.watched_key.issues import Told, tell_the_forge
from zotops.watched_key.lines import issue_rows
from zotops.world import SecretRef

TOKEN = SecretRef("own", "issue-token")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = scene_in(tmp_path)
    forge = msgspec.structs.replace(found.profile.forge, issue_token=str(TOKEN))
    found.profile = msgspec.structs.replace(found.profile, forge=forge)
    found.safe.fields[TOKEN] = "token-for-issues"
    return found


def told(scene: Scene) -> tuple[Told, ...]:
    world = replace(world_of(scene.profile, scene.safe), http=scene.memory)
    return tell_the_forge(world, scene.look(), lambda text: text.replace(KEY, "[redacted]"))


def expire_in(scene: Scene, days: float) -> None:
    scene.key.expires = NOW + timedelta(days=days)
    scene.own("expires", scene.key.expires.isoformat())


def test_while_no_threshold_is_passed_the_forge_is_not_even_asked(scene: Scene) -> None:
    assert told(scene) == ()
    assert not [asked for asked in scene.memory.asked if "/issues" in asked]


def test_a_threshold_that_is_passed_opens_one_issue_however_often_it_is_looked(scene: Scene) -> None:
    expire_in(scene, 10)
    assert [(one.point, one.level.value, one.opened) for one in told(scene)] == [("days", "warning", True)]
    expire_in(scene, 9)
    again = told(scene)
    assert [(one.opened, one.address) for one in again] == [(False, "http://forge.test/issues/1")]
    assert [issue["title"] for issue in scene.memory.issues] == [
        "practice, warning: it does not hold that the key has 14 days left or more"
    ]


def test_the_next_threshold_opens_another(scene: Scene) -> None:
    expire_in(scene, 10)
    told(scene)
    expire_in(scene, 3)
    assert [one.opened for one in told(scene)] == [True]
    assert [issue["title"].split(":")[0] for issue in scene.memory.issues] == [
        "practice, warning",
        "practice, critical",
    ]


def test_an_issue_that_was_closed_is_dealt_with_for_this_key_but_not_for_the_next(scene: Scene) -> None:
    expire_in(scene, 10)
    told(scene)
    scene.memory.issues[0]["state"] = "closed"
    assert [one.opened for one in told(scene)] == [False]
    scene.memory.keys.clear()
    scene.key = scene.memory.key(OTHER, label="next")
    scene.store(OTHER)
    scene.own("current-id", scene.key.id)
    expire_in(scene, 10)
    assert [one.opened for one in told(scene)] == [True]


def test_where_no_key_is_known_a_closed_issue_hides_nothing(scene: Scene) -> None:
    scene.store("")
    first = told(scene)
    assert [(one.point, one.opened) for one in first] == [("key", True)]
    assert [one.opened for one in told(scene)] == [False]
    scene.memory.issues[0]["state"] = "closed"
    assert [one.opened for one in told(scene)] == [True]


def test_what_cannot_be_told_opens_nothing(scene: Scene) -> None:
    scene.memory.down = ("registry.test",)
    assert told(scene) == ()


def test_an_issue_says_what_was_seen_and_neither_the_address_nor_a_secret(scene: Scene) -> None:
    scene.memory.key(OTHER, label=f"{KEY} | x")
    told(scene)
    text = scene.memory.issues[0]["body"]
    assert "| level | warning |" in text
    assert "| key | .." in text
    assert "delete it on (the registry)/user/apikey, signed in as zot-ci" in text
    assert "registry.test" not in text
    assert "[redacted] \\| x" in text
    assert KEY not in text
    assert scene.key.id not in text


def test_a_keys_label_cannot_speak_for_zotops(scene: Scene) -> None:
    scene.key.label = "<!-- zotops --><b>\n| level | ok |"
    expire_in(scene, 10)
    told(scene)
    first, *rest = scene.memory.issues[0]["body"].splitlines()
    assert first.startswith("<!-- zotops key-status practice days warning ")
    assert '"&lt;!-- zotops -->&lt;b> \\| level \\| ok \\|"' in next(line for line in rest if "| key |" in line)
    assert not [line for line in rest if "<" in line]


@pytest.mark.parametrize("before", ["it seems that\n", "x ", "\n"])
def test_an_issue_that_only_quotes_the_mark_hides_nothing(scene: Scene, before: str) -> None:
    expire_in(scene, 10)
    told(scene)
    scene.memory.issues[0]["body"] = before + scene.memory.issues[0]["body"]
    assert [one.opened for one in told(scene)] == [True]


def test_an_issue_of_somebody_else_hides_nothing_where_the_token_may_ask_whose_it_is(scene: Scene) -> None:
    expire_in(scene, 10)
    told(scene)
    scene.memory.user = "zot-watch"
    assert [one.opened for one in told(scene)] == [False]
    scene.memory.issues[0]["user"]["login"] = "somebody"
    assert [one.opened for one in told(scene)] == [True]


def test_where_the_token_may_not_ask_whose_it_is_every_issue_with_the_mark_counts(scene: Scene) -> None:
    expire_in(scene, 10)
    told(scene)
    scene.memory.issues[0]["user"]["login"] = "somebody"
    assert [one.opened for one in told(scene)] == [False]


def test_a_token_that_may_not_list_issues_is_told_what_it_needs(scene: Scene) -> None:
    expire_in(scene, 10)
    scene.memory.says = {"issues": 403}
    assert [one.trouble.endswith("the token in own/issue-token needs read:issue") for one in told(scene)] == [True]


@pytest.mark.parametrize("rows", [[None], ["x"], {"x": 1}, 5])
@pytest.mark.parametrize("part", ["/issues", "/user"])
def test_an_odd_answer_of_the_forge_is_told(scene: Scene, part: str, rows: object) -> None:
    expire_in(scene, 10)
    scene.memory.odd = {part: rows}
    assert ["in a form that is not Forgejo's" in one.trouble for one in told(scene)] == [True]


def test_a_forge_may_have_written_other_line_ends(scene: Scene) -> None:
    expire_in(scene, 10)
    told(scene)
    scene.memory.issues[0]["body"] = scene.memory.issues[0]["body"].replace("\n", "\r\n")
    assert [one.opened for one in told(scene)] == [False]


def test_it_is_opened_with_the_token_for_issues_where_there_is_one(scene: Scene) -> None:
    expire_in(scene, 10)
    told(scene)
    assert scene.memory.issue_logins == {"token token-for-issues"}


@pytest.mark.parametrize(("what", "status"), [("issues", 403), ("issues", 500), ("open", 403), ("open", 410)])
def test_a_forge_that_refuses_is_told_and_changes_nothing_else(scene: Scene, what: str, status: int) -> None:
    expire_in(scene, 10)
    scene.memory.says = {what: status}
    found = told(scene)
    assert [(one.address, one.opened) for one in found] == [("", False)]
    assert str(status) in found[0].trouble
    assert "days, warning: " in "".join(row.text for row in issue_rows(found))


def test_a_forge_that_is_down_is_told(scene: Scene) -> None:
    expire_in(scene, 10)
    scene.memory.down = ("forge.test",)
    found = {one.point: one.trouble for one in told(scene)}
    assert "refused" in found["days"]
