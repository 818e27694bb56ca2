"""Deploying and taking back, by real plays, in a practice world: undisturbed, refused before, failed and broken off."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.platform.places import look, quirk
from tests.platform.stand_ins import NOTHING, flying
from tests.systems.outside import Place, practice
from zotops.actions.deploy_registry import DeployRegistry, RestoreRegistry
from zotops.checks.configuration import ReviewedConfiguration
from zotops.checks.process import ProcessIsYounger
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.lab.provisioning.zot_config import hardened_config
from zotops.model import Attempt, Facts, Intent, State, Verdict
from zotops.systems.candidate import REVIEWED_CONFIG
from zotops.systems.forgejo import Forgejo
from zotops.systems.server import RegistryHost
from zotops.systems.zot import ANONYMOUS, open_zot

FIRST = Attempt(run="7f3a", number=1)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("deploy") / "world", "open") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    """The world without quirks, its registry open and running."""
    started.told.clear()
    config = Path(started.profile.server.config)
    text = config.read_text()
    yield started
    with started.state.edit("quirks") as document:
        document.clear()
    for left in config.parent.glob("config.json.zotops-*"):
        left.unlink()
    if config.read_text() != text:
        config.write_text(text)
        host = RegistryHost(world=started.world, profile=started.profile)
        host.restart()
    until = time.monotonic() + 10
    while push_status(started) != 415:
        assert time.monotonic() < until


def push_status(place: Place) -> int:
    try:
        return open_zot(place.world, place.profile).probe_create("practice/x", ANONYMOUS).status
    except Unreachable:
        return 0


def deploy(place: Place, facts: Facts = NOTHING) -> tuple[DeployRegistry, Intent]:
    action = DeployRegistry(profile=place.profile)
    return action, action.intent(place.world, facts, FIRST)


def kept(place: Place) -> Path:
    return Path(f"{place.profile.server.config}.zotops-7f3a")


@pytest.mark.costly("deploying")
def test_it_is_deployed_and_taken_back(place: Place) -> None:
    before = Path(place.profile.server.config).read_text()
    seen = look(place, ProcessIsYounger(profile=place.profile)).facts
    action, intent = deploy(place)
    assert action.settle(place.world, intent).state is State.DID_NOT
    outcome = action.perform(place.world, intent, NOTHING)
    assert str(kept(place)) in outcome.left[0]
    assert (kept(place).read_text(), push_status(place)) == (before, 401)
    assert look(place, ProcessIsYounger(profile=place.profile), seen).verdict is Verdict.PASSED
    assert action.settle(place.world, intent).state is State.HAPPENED
    assert not list(kept(place).parent.glob("zotops-candidate*"))

    undo = RestoreRegistry(profile=place.profile)
    intent = undo.intent(place.world, NOTHING, Attempt(run="7f3a", number=2))
    assert undo.settle(place.world, intent).state is State.DID_NOT
    undo.perform(place.world, intent, NOTHING)
    assert (Path(place.profile.server.config).read_text(), push_status(place)) == (before, 415)
    assert not kept(place).exists()
    assert undo.settle(place.world, intent).state is State.HAPPENED


def switch(owner: str, **switches: Any) -> Callable[[Place], None]:
    return lambda place: quirk(place, owner, **switches)


def running_build(place: Place) -> None:
    quirk(place, "forge", stuck_waiting=True)
    Forgejo(world=place.world, profile=place.profile).dispatch(
        "build-container.yaml", {"container": "nettest", "ref": "f" * 40}
    )


@pytest.mark.parametrize(
    ("break_it", "facts", "why"),
    [
        (switch("provider", issuer_without_slash=True), NOTHING, "names the issuer"),
        (switch("provider", down=True), NOTHING, "503"),
        (switch("ssh", unreachable=True), NOTHING, "ssh practice-host"),
        (switch("provider"), {REVIEWED_CONFIG: "00"}, "not be the one that was reviewed"),
    ],
)
def test_what_would_be_fatal_is_refused_before_anything_changes(
    place: Place, break_it: Callable[[Place], None], facts: Facts, why: str
) -> None:
    action, intent = deploy(place, facts)
    before = Path(place.profile.server.config).read_text()
    break_it(place)
    with pytest.raises(ActionFailed, match=why) as refused:
        action.perform(place.world, intent, NOTHING)
    assert refused.value.what.startswith("nothing was changed")
    assert Path(place.profile.server.config).read_text() == before
    assert not kept(place).exists()
    assert not list(kept(place).parent.glob("zotops-candidate*"))


@pytest.mark.costly("deploying")
def test_a_play_that_fails_after_the_writing_leaves_a_red_process(place: Place) -> None:
    seen = look(place, ProcessIsYounger(profile=place.profile)).facts
    action, intent = deploy(place)
    quirk(place, "ansible", lost_restart=True)
    outcome = action.perform(place.world, intent, NOTHING)
    assert "the play failed after it had written the configuration" in outcome.left[-1]
    assert push_status(place) == 415
    assert look(place, ProcessIsYounger(profile=place.profile), seen).verdict is Verdict.FAILED
    settled = action.settle(place.world, intent)
    assert (settled.state, "has not read it" in settled.leftover) == (State.DID_NOT, True)

    with place.state.edit("quirks") as document:
        document.clear()
    # A play changes nothing now, and restarts nothing: that is made up for.
    now = time.time()
    os.utime(place.profile.server.config, (now + 5, now + 5))
    action, intent = deploy(place)
    action.perform(place.world, intent, NOTHING)
    assert ("restart", "was lost with an earlier play; making up for it") in place.told
    assert push_status(place) == 401


@pytest.mark.costly("deploying")
def test_a_task_that_no_dry_run_shows_is_noticed(place: Place) -> None:
    tasks = place.lab.root / "checkout/ansible/roles/zot/tasks/main.yml"
    text = tasks.read_text()
    more = f'sed -i \'s/"realm": "zot"/"realm": "other"/\' {place.profile.server.config}'
    tasks.write_text(f"{text}\n- name: Behind the review\n  ansible.builtin.raw: {json.dumps(more)}\n")
    try:
        facts = look(place, ReviewedConfiguration(profile=place.profile)).facts
        action, intent = deploy(place, facts)
        outcome = action.perform(place.world, intent, NOTHING)
    finally:
        tasks.write_text(text)
    assert "is not the reviewed one" in outcome.left[-1]


@pytest.mark.costly("deploying")
def test_a_play_that_fails_before_the_writing_has_done_nothing(place: Place) -> None:
    action, intent = deploy(place)
    Path(place.profile.server.config).write_text(hardened_config(place.lab.world))
    intent = action.intent(place.world, NOTHING, FIRST)
    quirk(place, "ansible", lost_restart=True)
    with pytest.raises(ActionFailed, match="the configuration is as before"):
        action.perform(place.world, intent, NOTHING)


@pytest.mark.costly("deploying")
def test_a_registry_that_does_not_come_back_is_left_to_the_checks(place: Place) -> None:
    action, intent = deploy(place)
    quirk(place, "registry", die_on_start=True)
    world = replace(flying(place.world), tell=lambda what, result: place.told.append((what, result)))
    action.perform(world, intent, NOTHING)
    assert any(what == "registry" and "does not come back" in result for what, result in place.told)
    assert look(place, ProcessIsYounger(profile=place.profile)).verdict is Verdict.FAILED
    undo = RestoreRegistry(profile=place.profile)
    back = undo.intent(world, NOTHING, Attempt(run="7f3a", number=2))
    with pytest.raises(Uncertain, match="the old configuration is back, but"):
        undo.perform(world, back, NOTHING)
    assert kept(place).exists()


def test_no_build_may_be_running(place: Place) -> None:
    running_build(place)
    action, intent = deploy(place)
    with pytest.raises(ActionFailed, match=r"build \d+ \(build-container.yaml\) is waiting"):
        action.perform(place.world, intent, NOTHING)
    with place.state.edit("forge") as document:
        document["runs"] = [run for run in document["runs"] if run["status"] != "waiting"]


def test_without_a_kept_configuration_nothing_is_taken_back(place: Place) -> None:
    undo = RestoreRegistry(profile=place.profile)
    intent = undo.intent(place.world, NOTHING, Attempt(run="other", number=1))
    with pytest.raises(ActionFailed, match="nothing was changed"):
        undo.perform(place.world, intent, NOTHING)
    assert undo.settle(place.world, intent).state is State.DID_NOT
