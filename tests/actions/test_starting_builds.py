"""Each turn that the start of a build can take, at a forge that is a table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.forge_table import BUILT, COMMITS, DAGGER, NEW, SKOPEO, Forge, forge, run
from tests.platform.stand_ins import NOTHING
from zotops.actions.build import DispatchBuild
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Attempt, Intent, Outcome, State
from zotops.systems.builds import BUILD_COMMIT, BUILD_RUNS, COMMITS_TO_BUILD, HALF_STARTED

INTENT = {"commit": NEW, "tags": "v1 v1-nix", f"before-{DAGGER}": "12", f"before-{SKOPEO}": "0"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Forge]:
    with forge(tmp_path) as found:
        found.starts(DAGGER, (201, {"id": 13}))
        found.starts(SKOPEO, (201, {"id": 14}))
        yield found


def performed(place: Forge, intent: Intent = INTENT) -> Outcome:
    return DispatchBuild(profile=place.profile).perform(place.world, intent, NOTHING)


def test_the_newest_commit_without_tags_is_chosen_and_what_ran_before_is_noted(place: Forge) -> None:
    place.has_runs(run(2, DAGGER), run(1, DAGGER), run(3, DAGGER, BUILT))
    intent = DispatchBuild(profile=place.profile).intent(place.world, NOTHING, Attempt(run="7f3a", number=1))
    tags = "v0.1.0-aaaaaaa v0.1.0-aaaaaaa-nix"
    assert intent == {"commit": NEW, "tags": tags, "started": "", f"before-{DAGGER}": "12", f"before-{SKOPEO}": "0"}


def test_where_every_commit_is_built_there_is_nothing_to_start(place: Forge) -> None:
    place.server.table[COMMITS] = (200, [{"sha": BUILT}])
    with pytest.raises(ActionFailed, match="the newest commits of main all have tags"):
        DispatchBuild(profile=place.profile).intent(place.world, NOTHING, Attempt(run="7f3a", number=1))


def test_both_are_started_once_and_their_end_is_told(place: Forge) -> None:
    place.has_runs(run(3, DAGGER), run(4, SKOPEO, status="failure"))
    outcome = performed(place)
    ids = f"{DAGGER}=13 {SKOPEO}=14"
    assert outcome.facts == {BUILD_COMMIT: NEW, BUILD_RUNS: ids, COMMITS_TO_BUILD: NEW, HALF_STARTED: ""}
    assert outcome.left == ("the tag v1", "the tag v1-nix")
    assert place.told == [(DAGGER, "started, run 13"), (SKOPEO, "started, run 14"), ("builds", "ended")]
    assert place.dispatches == 2


def test_a_build_that_does_not_end_is_not_waited_for_for_ever(place: Forge) -> None:
    place.has_runs(run(3, DAGGER), run(4, SKOPEO, status="running"))
    performed(place)
    still = f"{DAGGER} success, {SKOPEO} running"
    assert place.told[-2:] == [("builds", still), ("builds", f"{still} after 20 s")]


def test_a_refusal_of_the_first_is_certain(place: Forge) -> None:
    place.starts(DAGGER, 500)
    with pytest.raises(ActionFailed, match=r"the forge did not start build-container\.yaml: 500"):
        performed(place)
    assert place.dispatches == 1


def test_a_refusal_of_the_second_is_not(place: Forge) -> None:
    place.starts(SKOPEO, 500)
    with pytest.raises(Uncertain, match=r"only build-container\.yaml was started: the forge did not start"):
        performed(place)


def test_a_forge_that_tells_no_id_is_asked_for_a_run_that_is_new(place: Forge) -> None:
    place.starts(DAGGER, 204)
    place.has_runs(run(3, DAGGER), run(2, DAGGER), run(4, SKOPEO))
    assert performed(place).facts[BUILD_RUNS] == f"{DAGGER}=13 {SKOPEO}=14"
    assert (DAGGER, "no run to be seen") not in place.told


def test_a_run_that_is_nowhere_to_be_seen_leaves_it_uncertain(place: Forge) -> None:
    place.starts(DAGGER, 204)
    place.has_runs(run(2, DAGGER), run(4, SKOPEO))
    with pytest.raises(Uncertain, match="was started, but its run cannot be found"):
        performed(place)
    assert (DAGGER, "no run to be seen") in place.told


@pytest.mark.parametrize(
    ("numbers", "state", "leftover"),
    [
        ((3, 4), State.HAPPENED, ""),
        ((3,), State.DID_NOT, f"started: {DAGGER}=13; the next try starts the rest"),
        ((4,), State.DID_NOT, f"started: {SKOPEO}=14; the next try starts the rest"),
        ((2,), State.DID_NOT, ""),
        ((2, 4), State.DID_NOT, f"started: {SKOPEO}=14; the next try starts the rest"),
    ],
)
def test_only_runs_that_are_new_show_that_it_happened(
    place: Forge, numbers: tuple[int, ...], state: State, leftover: str
) -> None:
    place.has_runs(*(run(number, SKOPEO if number == 4 else DAGGER) for number in numbers))
    settled = DispatchBuild(profile=place.profile).settle(place.world, INTENT)
    assert (settled.state, settled.leftover) == (state, leftover)
    assert (BUILD_COMMIT in settled.outcome.facts) == (state is State.HAPPENED)
    assert place.dispatches == 0


def test_what_was_cut_off_between_two_builds_is_finished_with_the_same_commit(place: Forge) -> None:
    place.has_runs(run(3, DAGGER))
    action = DispatchBuild(profile=place.profile)
    settled = action.settle(place.world, INTENT)
    assert settled.outcome.facts == {HALF_STARTED: f"{NEW} {DAGGER}=13"}
    place.has_runs(run(3, DAGGER), run(4, SKOPEO))
    intent = action.intent(place.world, settled.outcome.facts, Attempt(run="7f3a", number=2))
    assert (intent["commit"], intent["started"]) == (NEW, f"{DAGGER}=13")
    assert intent["tags"] == "v0.1.0-aaaaaaa v0.1.0-aaaaaaa-nix"
    outcome = action.perform(place.world, intent, NOTHING)
    assert outcome.facts[BUILD_RUNS] == f"{DAGGER}=13 {SKOPEO}=14"
    assert place.dispatches == 1


def test_a_commit_whose_version_is_gone_meanwhile_is_finished_all_the_same(place: Forge) -> None:
    facts = {HALF_STARTED: f"{'f' * 40} {DAGGER}=13"}
    intent = DispatchBuild(profile=place.profile).intent(place.world, facts, Attempt(run="7f3a", number=2))
    assert (intent["commit"], intent["tags"]) == ("f" * 40, "")
