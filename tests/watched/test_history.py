"""What a machine knows of the key from its own journals, and from what the last look left."""

from __future__ import annotations

import json
import os
import socket
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.lamps import FixedClock
from tests.systems.outside import profile_of
from zotops.errors import ConfigurationIsWrong
from zotops.journal import Journal
from zotops.profile import Profile
from zotops.redaction import Redactor
from zotops.state_folder import Lock, holder_of, lock_path
from zotops.systems.moments import moment
from zotops.watched_key.history import (
    LastLook,
    is_between_two_keys,
    look_path,
    read_history,
    read_last_look,
    write_last_look,
)

REGISTRY = "http://registry.test"
BEGIN = datetime.fromtimestamp(1_800_000_000, UTC)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry=REGISTRY)


class Story:
    """A run's journal, written line by line, a second apart."""

    def __init__(self, folder: Path, run: str, runbook: str, *, at: float = 0, registry: str = REGISTRY) -> None:
        self.clock = FixedClock(moment=at)
        header = {"run": run, "runbook": runbook, "registry": registry}
        self.journal = Journal.create(folder / "runs" / f"{run}.jsonl", header, clock=self.clock, redactor=Redactor())

    def _add(self, event: str, step: str = "", **data: Any) -> None:
        self.clock.sleep(1)
        self.journal.append(event, step, data)

    def key(self, name: str, expires: str = "2027-04-15T08:00:00+00:00") -> None:
        for fact, value in (
            ("key-id", f"id-{name}"),
            ("key-label", f"label-{name}"),
            ("key-print", f"print-{name}"),
            ("key-expires", expires),
        ):
            self._add("fact-found", "create", name=fact, value=value)

    def old(self, name: str) -> None:
        self._add("fact-found", "preflight", name="old-key-id", value=f"id-{name}")

    def ended(self, ids: str) -> None:
        self._add("fact-found", "end-others", name="ended-ids", value=ids)

    def done(self, *steps: str) -> None:
        for step in steps:
            self._add("step-done", step, kind="witnessed")

    def reopen(self, step: str) -> None:
        self._add("step-reopened", step, why="undone")

    def finish(self) -> None:
        self._add("run-finished")


def test_nothing_is_known_where_nothing_was_run(tmp_path: Path, profile: Profile) -> None:
    known = read_history(tmp_path, profile)
    assert (known.key, known.last, known.unfinished, known.at_work) == (None, None, (), "")


def test_a_key_is_known_once_it_was_taken_into_use(tmp_path: Path, profile: Profile) -> None:
    story = Story(tmp_path, "aaaa", "deploy")
    story.key("one")
    assert read_history(tmp_path, profile).key is None
    story.done("store-ci-key")
    known = read_history(tmp_path, profile)
    assert known.key is not None
    assert (known.key.id, known.key.label, known.key.print) == ("id-one", "label-one", "print-one")
    assert known.key.expires == moment("2027-04-15T08:00:00+00:00")
    assert known.key.made == datetime.fromtimestamp(BEGIN.timestamp() + 1, UTC)
    assert known.key.source == "run aaaa"
    assert known.made_here == {"print-one"}
    story.reopen("store-ci-key")
    assert read_history(tmp_path, profile).key is None


def test_a_rotations_key_takes_the_place_of_the_one_before(tmp_path: Path, profile: Profile) -> None:
    first = Story(tmp_path, "aaaa", "deploy")
    first.key("one")
    first.done("store-ci-key", "sync-forge-secrets")
    first.finish()
    second = Story(tmp_path, "bbbb", "rotate-key", at=1000)
    second.old("one")
    second.key("two")
    second.done("create", "promote")
    known = read_history(tmp_path, profile)
    assert known.key is not None
    assert known.key.id == "id-two"
    assert [run.now.run for run in known.unfinished] == ["bbbb"]
    assert is_between_two_keys(known.unfinished[0])
    assert (known.revoked, set(known.given_to_the_forge)) == (frozenset(), {"print-one"})
    second.done("propagate", "revoke")
    known = read_history(tmp_path, profile)
    assert not is_between_two_keys(known.unfinished[0])
    assert (known.revoked, set(known.given_to_the_forge)) == (frozenset({"id-one"}), {"print-one", "print-two"})


def test_after_a_leak_every_other_key_counts_as_revoked(tmp_path: Path, profile: Profile) -> None:
    story = Story(tmp_path, "aaaa", "rotate-leaked-key")
    story.old("one")
    story.key("two")
    story.ended("id-one,id-of-a-stranger")
    assert read_history(tmp_path, profile).revoked == frozenset()
    story.done("end-others")
    known = read_history(tmp_path, profile)
    assert known.revoked == {"id-one", "id-of-a-stranger"}
    assert not is_between_two_keys(known.unfinished[0])


def test_runs_of_another_registry_tell_nothing(tmp_path: Path, profile: Profile) -> None:
    story = Story(tmp_path, "aaaa", "rotate-key", registry="http://elsewhere.test")
    story.old("one")
    story.key("two")
    story.done("promote", "propagate", "revoke")
    known = read_history(tmp_path, profile)
    assert (known.key, known.unfinished, known.revoked, known.given_to_the_forge) == (None, (), frozenset(), {})


def look(profile: Profile, **more: Any) -> LastLook:
    return LastLook(registry=profile.registry.url, at="2027-01-20T00:00:00+00:00", **more)


def test_what_a_look_left_is_read_again_and_is_the_users_alone(tmp_path: Path, profile: Profile) -> None:
    left = look(
        profile, seen_at="2027-01-20T00:00:00+00:00", id="id-one", print="print-one", due="2027-03-01T00:00:00Z"
    )
    write_last_look(tmp_path, profile, left)
    path = look_path(tmp_path, profile)
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert read_last_look(tmp_path, profile) == left
    known = read_history(tmp_path, profile).key
    assert known is not None
    assert (known.id, known.due, known.source) == ("id-one", moment("2027-03-01T00:00:00Z"), "the last look")


def test_a_look_that_cannot_be_kept_says_where_and_why(tmp_path: Path, profile: Profile) -> None:
    (tmp_path / "key-looks").write_text("a file in its place")
    with pytest.raises(ConfigurationIsWrong, match=r"key-looks/.*json cannot be written: .*ZOTOPS_STATE"):
        write_last_look(tmp_path, profile, look(profile))


@pytest.mark.parametrize("newer", ["look", "run"])
def test_the_newer_of_run_and_look_counts(tmp_path: Path, profile: Profile, newer: str) -> None:
    seen = "2027-06-01T00:00:00+00:00" if newer == "look" else "2026-06-01T00:00:00+00:00"
    write_last_look(tmp_path, profile, look(profile, seen_at=seen, id="id-looked"))
    story = Story(tmp_path, "aaaa", "deploy")
    story.key("run")
    story.done("store-ci-key")
    known = read_history(tmp_path, profile).key
    assert known is not None
    assert known.id == ("id-looked" if newer == "look" else "id-run")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"registry": 1}', b"\xff"])
def test_a_damaged_file_counts_as_none(tmp_path: Path, profile: Profile, content: bytes) -> None:
    write_last_look(tmp_path, profile, look(profile))
    look_path(tmp_path, profile).write_bytes(content)
    assert read_last_look(tmp_path, profile) is None


def test_a_file_of_another_registry_counts_as_none(tmp_path: Path, profile: Profile) -> None:
    write_last_look(tmp_path, profile, look(profile))
    path = look_path(tmp_path, profile)
    path.write_text(json.dumps({**json.loads(path.read_text()), "registry": "http://elsewhere.test"}))
    assert read_last_look(tmp_path, profile) is None


# Who works on the registry right now


def test_whoever_holds_the_lock_is_at_work_and_nobody_is_disturbed_by_the_question(
    tmp_path: Path, profile: Profile
) -> None:
    path = lock_path(tmp_path, REGISTRY)
    assert holder_of(path) == ""
    with Lock(path, owner="run b21c by sam"):
        assert read_history(tmp_path, profile).at_work == "run b21c by sam"
    assert holder_of(path) == "", "its file is still there, but nobody holds it"
    with Lock(path, owner="another"):
        pass


def test_a_holder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    path.write_text(f"run b21c by sam\n{2**22 + 1} {socket.gethostname()}\n")
    assert holder_of(path) == ""


def test_of_another_host_nobody_can_tell_so_it_excuses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    path.write_text(f"run b21c by sam\n{os.getpid()} elsewhere.test\n")
    assert holder_of(path) == ""


def test_a_file_that_names_nobody_is_held_by_nobody(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    path.write_text("")
    assert holder_of(path) == ""
