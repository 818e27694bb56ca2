"""The sync of the application: done, refused, and broken off."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.platform.places import quirk
from tests.platform.stand_ins import NOTHING, flying, with_programs
from tests.systems.outside import Place, practice
from zotops.actions.sync_app import SyncApp
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Attempt, State
from zotops.systems.argocd import SYNCED_COMMIT
from zotops.systems.blueprint_state import read_blueprint_state
from zotops.systems.git import newest_commit

FIRST = Attempt(run="7f3a", number=1)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("sync") / "world", "open") as running:
        yield running


def test_it_waits_until_the_blueprint_is_in_force(place: Place) -> None:
    action = SyncApp(profile=place.profile)
    intent = action.intent(place.world, NOTHING, FIRST)
    assert action.settle(place.world, intent).state is State.DID_NOT
    outcome = action.perform(place.world, intent, NOTHING)
    newest = newest_commit(place.world, place.profile.argocd.repository, "main")
    assert outcome.facts[SYNCED_COMMIT] == intent["commit"] == newest
    assert read_blueprint_state(place.world, place.profile).in_force
    # Each may be told several times, with each new answer.
    assert list(dict.fromkeys(what for what, _ in place.told))[-2:] == ["application", "blueprint"]
    settled = action.settle(place.world, intent)
    assert (settled.state, settled.outcome.facts) == (State.HAPPENED, outcome.facts)


def test_what_stays_late_is_told_and_left_to_the_checks(place: Place) -> None:
    quirk(place, "provider", apply_stuck=True)
    world = replace(flying(place.world), tell=lambda what, result: place.told.append((what, result)))
    action = SyncApp(profile=place.profile)
    assert action.perform(world, action.intent(world, NOTHING, FIRST), NOTHING).facts
    assert place.told[-1][0] == "blueprint"
    assert place.told.count(("blueprint", "the worker is asked to apply it")) == 1
    assert not read_blueprint_state(place.world, place.profile).in_force


def test_a_worker_that_looks_once_an_hour_is_asked_to_apply(place: Place) -> None:
    quirk(place, "provider", worker_drowsy=True)
    action = SyncApp(profile=place.profile)
    action.perform(place.world, action.intent(place.world, NOTHING, FIRST), NOTHING)
    assert ("blueprint", "the worker is asked to apply it") in place.told
    assert read_blueprint_state(place.world, place.profile).in_force


def test_a_blueprint_that_the_provider_does_not_know_yet_is_waited_for(place: Place) -> None:
    """The worker has the file, and nobody has made an entry for it."""
    with place.state.edit("provider") as document:
        document["blueprints"].pop(place.profile.identity_provider.blueprint.path)
    quirk(place, "provider", worker_drowsy=True)
    world = replace(flying(place.world), tell=lambda what, result: place.told.append((what, result)))
    action = SyncApp(profile=place.profile)
    action.perform(world, action.intent(world, NOTHING, FIRST), NOTHING)
    assert ("blueprint", "the provider has no such blueprint yet; its worker finds it by itself") in place.told


def test_what_waits_to_be_pruned_keeps_nothing_back(place: Place) -> None:
    """The sync is done then, and the application stays out of sync until somebody has looked."""
    program = place.lab.root / "bin" / "argocd"
    program.rename(program.with_name("argocd-itself"))
    program.write_text(
        f'#!/bin/sh\n"{program}-itself" "$@"; ended=$?\n'
        '[ "$1 $2" = "app sync" ] && echo "1 resources require pruning" >&2 && exit 1\nexit $ended\n'
    )
    program.chmod(0o755)
    action = SyncApp(profile=place.profile)
    action.perform(place.world, action.intent(place.world, NOTHING, FIRST), NOTHING)
    assert dict(place.told)["not pruned"].startswith("1 resources require pruning; `argocd app sync authentik --prune`")
    assert read_blueprint_state(place.world, place.profile).in_force


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("echo 'operation phase is Failed' >&2; exit 1", ActionFailed),
        ("echo 'desc = another operation is already in progress' >&2; exit 20", ActionFailed),
        ("echo 'connection reset' >&2; exit 20", Uncertain),
        ("echo '1 resources require pruning' >&2; exit 20", Uncertain),
        ("exit 7", Uncertain),
    ],
)
def test_a_refusal_is_certain_and_a_break_is_not(tmp_path: Path, body: str, error: type[Exception]) -> None:
    profile, world = with_programs(tmp_path, argocd=body)
    with pytest.raises(error):
        SyncApp(profile=profile).perform(world, {"commit": "f" * 40, "finished-before": ""}, NOTHING)


APP = '{"status": {"operationState": {"phase": "%s", "finishedAt": "%s", "syncResult": {"revision": "%s"}}}}'


@pytest.mark.parametrize(
    ("phase", "finished", "revision", "state"),
    [
        ("Succeeded", "2026-03-07T10:00:05Z", "f" * 40, State.HAPPENED),
        ("Succeeded", "2026-03-07T10:00:00Z", "f" * 40, State.DID_NOT),
        ("Succeeded", "2026-03-07T10:00:05Z", "e" * 40, State.DID_NOT),
        ("Failed", "2026-03-07T10:00:05Z", "f" * 40, State.DID_NOT),
        ("Running", "", "f" * 40, State.CANNOT_TELL),
    ],
)
def test_afterwards_the_last_operation_tells(
    tmp_path: Path, phase: str, finished: str, revision: str, state: State
) -> None:
    profile, world = with_programs(tmp_path, argocd=f"echo '{APP % (phase, finished, revision)}'")
    intent = {"commit": "f" * 40, "finished-before": "2026-03-07T10:00:00+00:00"}
    assert SyncApp(profile=profile).settle(flying(world), intent).state is state
