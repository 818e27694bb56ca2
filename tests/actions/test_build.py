"""A build is started once, whatever breaks off, and found again by what it was started with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from tests.platform.places import mended, quirk
from tests.platform.stand_ins import NOTHING, flying
from tests.systems.outside import Place, practice
from zotops.actions.build import DispatchBuild
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.model import Attempt, Intent, State
from zotops.systems.builds import BUILD_COMMIT, BUILD_RUNS
from zotops.systems.forgejo import Forgejo
from zotops.world import Http, Reply

FILES = ("build-container.yaml", "build-container-nix.yaml")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("build") / "world", "hardened") as running:
        quirk(running, "forge", stuck_waiting=True)
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    with mended(started):
        yield started


def intended(place: Place) -> Intent:
    return DispatchBuild(profile=place.profile).intent(place.world, NOTHING, Attempt(run="7f3a", number=1))


def runs(place: Place, intent: Intent) -> list[int]:
    """How many runs each workflow has for that commit."""
    forge = Forgejo(world=place.world, profile=place.profile)
    inputs = {"container": "nettest", "ref": intent["commit"]}
    return [len(forge.dispatched(file, inputs)) for file in FILES]


@dataclass(frozen=True)
class Cutting:
    """The real HTTP, whose answer to the last of some dispatches is lost after it was sent."""

    http: Http
    lost: list[int]

    def send(self, method: str, url: str, **given: Any) -> Reply:
        reply = self.http.send(method, url, **given)
        if url.endswith("/dispatches"):
            self.lost[0] -= 1
            if self.lost[0] == 0:
                raise Unreachable("it broke off")
        return reply


def test_both_paths_are_started_with_the_full_commit(place: Place) -> None:
    intent = intended(place)
    before = runs(place, intent)
    outcome = DispatchBuild(profile=place.profile).perform(flying(place.world), intent, NOTHING)
    assert outcome.facts[BUILD_COMMIT] == intent["commit"]
    assert len(intent["commit"]) == 40
    assert [pair.partition("=")[0] for pair in outcome.facts[BUILD_RUNS].split()] == list(FILES)
    assert runs(place, intent) == [count + 1 for count in before]


@pytest.mark.parametrize("lost", [1, 2])
def test_a_dispatch_whose_answer_was_lost_is_not_repeated(place: Place, lost: int) -> None:
    intent, action = intended(place), DispatchBuild(profile=place.profile)
    before = runs(place, intent)
    world = replace(flying(place.world), http=Cutting(place.world.http, [lost]))
    with pytest.raises(Unreachable):
        action.perform(world, intent, NOTHING)
    settled = action.settle(flying(place.world), intent)
    assert sum(runs(place, intent)) == sum(before) + lost
    if lost == 2:
        assert (settled.state, settled.outcome.facts[BUILD_COMMIT]) == (State.HAPPENED, intent["commit"])
    else:
        assert (settled.state, "started: build-container.yaml=" in settled.leftover) == (State.DID_NOT, True)


def test_before_anything_was_sent_nothing_happened(place: Place) -> None:
    settled = DispatchBuild(profile=place.profile).settle(flying(place.world), intended(place))
    assert (settled.state, settled.leftover) == (State.DID_NOT, "")


def test_a_forge_that_tells_no_id_is_asked_for_the_run(place: Place) -> None:
    quirk(place, "forge", **{"204_dispatch": True})
    intent = intended(place)
    outcome = DispatchBuild(profile=place.profile).perform(flying(place.world), intent, NOTHING)
    assert len(outcome.facts[BUILD_RUNS].split()) == 2


def test_a_refusal_of_the_first_is_certain_and_of_the_second_is_not(place: Place) -> None:
    intent = {**intended(place), "before-no-such.yaml": "0"}
    one, two = place.profile.forge.workflows
    bad = msgspec.structs.replace(one, file="no-such.yaml")
    for workflows, error in (((bad, two), ActionFailed), ((one, bad), Uncertain)):
        forge = msgspec.structs.replace(place.profile.forge, workflows=workflows)
        action = DispatchBuild(profile=msgspec.structs.replace(place.profile, forge=forge))
        with pytest.raises(error, match=r"no-such\.yaml"):
            action.perform(flying(place.world), intent, NOTHING)


def test_when_every_commit_has_tags_it_says_so(place: Place) -> None:
    build = msgspec.structs.replace(place.profile.build, version_file="no-such-file")
    action = DispatchBuild(profile=msgspec.structs.replace(place.profile, build=build))
    with pytest.raises(ActionFailed, match="all have tags"):
        action.intent(place.world, NOTHING, Attempt(run="7f3a", number=1))
