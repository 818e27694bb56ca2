"""Each turn that the sync of the application can take, at an ArgoCD of a few lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.checks.test_argocd import EARLIER, LATER, NEWEST, OLDER, application
from tests.platform.blueprint_table import argocd, blueprint, sync_ends
from tests.platform.stand_ins import NOTHING, flying, with_programs
from tests.systems.outside import Safe, TableServer, tabled, world_of
from zotops.actions.sync_app import SyncApp
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Attempt, Outcome, State
from zotops.systems.argocd import SYNCED_COMMIT
from zotops.world import World

BUSY = "rpc error: code = FailedPrecondition desc = another operation is already in progress"
ENDED = "2026-03-07T10:00:00+00:00"


@dataclass(frozen=True)
class Place:
    """An application in force, whose blueprint is applied."""

    folder: Path
    action: SyncApp
    world: World
    provider: TableServer
    told: list[tuple[str, str]]

    def is_at(self, *, operation: Any = None, **changes: str) -> None:
        document = application(**changes)
        (self.folder / "app.json").write_text(json.dumps(document | ({"operation": operation} if operation else {})))

    def perform(self) -> Outcome:
        return self.action.perform(self.world, {"commit": NEWEST, "finished-before": ""}, NOTHING)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with tabled(blueprint()) as provider:
        git = f"printf '{NEWEST}\\trefs/heads/main\\n'"
        profile, _ = with_programs(tmp_path, argocd=argocd(tmp_path), git=git)
        profile = msgspec.structs.replace(
            profile,
            identity_provider=msgspec.structs.replace(profile.identity_provider, url=provider.url),
            argocd=msgspec.structs.replace(profile.argocd, patience=10.0),
        )
        told: list[tuple[str, str]] = []
        world = flying(world_of(profile, Safe({profile.provider_token: "token"})))
        world = replace(world, tell=lambda what, result: told.append((what, result)))
        found = Place(tmp_path, SyncApp(profile=profile), world, provider, told)
        found.is_at()
        yield found


def test_it_waits_for_the_application_and_then_for_the_worker(place: Place) -> None:
    assert place.perform() == Outcome(facts={SYNCED_COMMIT: NEWEST})
    assert place.told == [
        ("sync", f"succeeded, commit {NEWEST[:12]}"),
        ("application", "healthy"),
        ("blueprint", "the worker is done with it"),
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"health": "Degraded"}, "Synced, Degraded; waited 10 s"),
        ({"sync": "OutOfSync"}, "OutOfSync, Healthy; waited 10 s"),
        ({"phase": "Running"}, "not compared yet since the operation ended; waited 10 s"),
        ({"finishedAt": LATER, "reconciledAt": EARLIER}, "not compared yet since the operation ended; waited 10 s"),
        ({"operation": {"sync": {}}}, "not compared yet since the operation ended; waited 10 s"),
    ],
)
def test_an_application_that_stays_behind_is_told_and_its_blueprint_not_waited_for(
    place: Place, changes: dict[str, Any], said: str
) -> None:
    place.is_at(**changes)
    place.perform()
    assert place.told[-1] == ("application", said)


def test_a_worker_that_stays_behind_is_told(place: Place) -> None:
    place.provider.table |= blueprint(applied="old\n")
    place.perform()
    what, said = place.told[-1]
    assert (what, said.startswith("deployed "), said.endswith("; successful")) == ("blueprint", True, True)


def test_a_worker_that_refuses_it_is_not_waited_for(place: Place) -> None:
    place.provider.table |= blueprint(applied="old\n", status="error")
    place.perform()
    assert place.told[-1] == ("blueprint", "the worker is done with it")


@pytest.mark.parametrize(
    ("code", "said", "error", "what"),
    [
        (1, "one resource requires pruning", ActionFailed, "the sync of authentik failed: one resource requires"),
        (1, BUSY, ActionFailed, "the sync of authentik failed: rpc error"),
        (20, BUSY, ActionFailed, "somebody else is syncing authentik just now"),
        (20, "connection reset", Uncertain, "argocd app sync authentik ended with 20: connection reset"),
    ],
)
def test_a_refusal_is_certain_and_a_break_is_not(
    place: Place, code: int, said: str, error: type[ActionFailed | Uncertain], what: str
) -> None:
    sync_ends(place.folder, code, said)
    with pytest.raises(error) as caught:
        place.perform()
    assert caught.value.what.startswith(what)
    assert place.told == []


@pytest.mark.parametrize(("finished", "kept"), [(EARLIER, ENDED), ("", "")])
def test_the_intent_holds_the_newest_commit_and_the_end_of_what_was_before(
    place: Place, finished: str, kept: str
) -> None:
    place.is_at(finishedAt=finished)
    intent = place.action.intent(place.world, NOTHING, Attempt(run="7f3a", number=1))
    assert intent == {"commit": NEWEST, "finished-before": kept}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"finishedAt": LATER}, State.HAPPENED),
        ({"finishedAt": EARLIER}, State.DID_NOT),
        ({"finishedAt": LATER, "synced": OLDER}, State.DID_NOT),
        ({"finishedAt": LATER, "phase": "Failed"}, State.DID_NOT),
        ({"finishedAt": LATER, "phase": "Running"}, State.CANNOT_TELL),
        ({"finishedAt": LATER, "phase": "Terminating"}, State.CANNOT_TELL),
        ({"finishedAt": LATER, "operation": {"sync": {}}}, State.CANNOT_TELL),
    ],
)
def test_afterwards_the_last_operation_tells(place: Place, changes: dict[str, Any], state: State) -> None:
    place.is_at(**changes)
    settled = place.action.settle(place.world, {"commit": NEWEST, "finished-before": ENDED})
    assert settled.state is state
    assert settled.outcome.facts == ({SYNCED_COMMIT: NEWEST} if state is State.HAPPENED else {})
    assert bool(settled.how) == (state is State.CANNOT_TELL)
