"""Killed in the middle, the next call finds out what happened, and ends in the world of an undisturbed run."""

import fcntl
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk
from tests.acceptance.finished import Finished
from tests.acceptance.outcome import outcome
from zotops.lab.vault import value_of

GLANCE = 0.004  # seconds
LONGEST = 240  # seconds; some tens on a machine that does nothing else


def event(step: str, name: str) -> Callable[[Desk], bool]:
    """The journal has this event."""
    return lambda desk: any(f'"event":"{name}","step":"{step}"' in path.read_text() for path in desk.journals())


def called(program: str, *words: str) -> Callable[[Desk], bool]:
    """A child was started with these words among its arguments."""
    return lambda desk: any(set(words) <= set(call["argv"]) for call in desk.calls(program))


def the_play_runs(desk: Desk) -> bool:
    """Not the one that only reviews."""
    return any("--check" not in call["argv"] for call in desk.calls("ansible-playbook"))


def nothing_recorded_yet(desk: Desk) -> bool:
    return any((desk.kept / "locks").glob("*")) and not desk.journals()


def configuration_written(desk: Desk) -> bool:
    return "accessControl" in (desk.root / "host/zot/config.json").read_text()


def key_made(desk: Desk) -> bool:
    """The registry has noted the new key."""
    meta = desk.root / "host/zot/data/meta.db"
    return meta.exists() and b"zotops/" in meta.read_bytes()


def key_in_both_places(desk: Desk) -> bool:
    vault, names = desk.state.read("vault"), desk.world["names"]
    current = value_of(vault, names["shared_item"], names["field"])
    return bool(current) and current == value_of(vault, names["own_item"], "pending")


def one_build_started(desk: Desk) -> bool:
    return len(desk.state.read("forge")["runs"]) == 3


def builds_started(desk: Desk) -> bool:
    return len(desk.state.read("forge")["runs"]) == 4


MOMENTS: dict[str, Callable[[Desk], bool]] = {
    "before-the-first-record": nothing_recorded_yet,
    "while-argocd-syncs": called("argocd", "app", "sync"),
    "after-the-blueprint": event("deploy-blueprint", "action-done"),
    "while-the-play-runs": the_play_runs,
    "between-configuration-and-restart": configuration_written,
    "between-minting-and-storing": key_made,
    "while-op-stores-the-key": called("op", "item", "edit"),
    "between-current-and-pending": key_in_both_places,
    "while-the-secrets-play-runs": called("ansible-playbook", "forgejo_actions_secrets"),
    "between-the-two-builds": one_build_started,
    "while-the-builds-run": builds_started,
    "while-services-are-checked": called("mise", "services-check"),
    "after-the-last-action": event("verify", "action-done"),
}


@pytest.mark.costly("killed")
@pytest.mark.parametrize("moment", list(MOMENTS))
def test_a_killed_run_ends_in_the_world_of_an_undisturbed_one(desk: Desk, finished: Finished, moment: str) -> None:
    vault_before = desk.state.read("vault")
    kill_at(desk, MOMENTS[moment])
    assert "run-finished" not in desk.events()
    resumed = desk.deploy("--auto")
    assert resumed.code == 0, f"{desk.events()[-8:]}\n{resumed.out[-1500:]}\n{resumed.err}"
    assert outcome(desk, vault_before) == finished.told["outcome"]


@pytest.mark.costly("killed")
def test_a_run_is_not_free_until_its_last_child_is_gone(hardened: Desk, tmp_path: Path) -> None:
    desk = replace(hardened, folder=tmp_path)
    seen = len(desk.calls("ansible-playbook"))
    kill_at(desk, lambda desk: len(desk.calls("ansible-playbook")) > seen)
    (lock,) = (desk.kept / "locks").glob("*.lock")
    assert is_held(lock), "its programs work on"
    # The last of them ends when this test says so: they may be quicker than the next call's start.
    with lock.open("rb") as program:
        fcntl.flock(program, fcntl.LOCK_EX)
        with desk.start("--auto", "--until", "review-zot-change") as resumed:
            waiting = next((line for line in resumed.stdout or () if "was ended, but its programs still" in line), "")
            fcntl.flock(program, fcntl.LOCK_UN)
            out, err = resumed.communicate(timeout=LONGEST)
    assert waiting
    assert resumed.returncode == 0, out[-1500:] + err
    assert not is_held(lock)
    assert desk.kinds()["review-zot-change"] == "observed"


def is_held(lock: Path) -> bool:
    """Whether any process holds that lock."""
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def kill_at(desk: Desk, moment: Callable[[Desk], bool]) -> None:
    """Deploy until then, and kill the process that walks; its children live on."""
    until = time.monotonic() + LONGEST
    with desk.start("--auto") as run:
        try:
            while not reached(moment, desk):
                assert run.poll() is None, f"the run ended before that: {run.communicate()}"
                assert time.monotonic() < until, f"that moment never came: {desk.events()}"
                time.sleep(GLANCE)
        finally:
            run.kill()
    assert run.returncode == -signal.SIGKILL


def reached(moment: Callable[[Desk], bool], desk: Desk) -> bool:
    """Whether it has come; a document that is just being replaced is looked at again."""
    with suppress(OSError, ValueError, KeyError):
        return moment(desk)
    return False
