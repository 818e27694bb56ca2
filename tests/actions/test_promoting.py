"""The cut-over in the vault and the way back from it, broken off anywhere."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.actions.test_sync_secrets import RECAP, TASK
from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from tests.platform.stand_ins import with_programs
from zotops.actions.promote import GoBack, Promote
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Attempt, Fact, Facts, State
from zotops.systems.builds import BUILD_COMMIT, BUILD_RUNS, COMMITS_TO_BUILD, HALF_STARTED
from zotops.systems.key_places import KEY_PRINT, OTHER_FIELDS
from zotops.systems.rotation import (
    COPIES_GIVEN,
    CUT_OVER_AT,
    CUT_OVER_BUILDS,
    EXPIRED,
    GIVEN,
    LAST_USES,
    OLD_KEY_PRINT,
    OLD_KEY_STATE,
    REVOKED_AT,
)

FIRST = Attempt(run="7f3a", number=1)
GIVEN_TO_CI = (GIVEN, COPIES_GIVEN, CUT_OVER_AT, CUT_OVER_BUILDS, LAST_USES)
BUILT = (BUILD_COMMIT, BUILD_RUNS, COMMITS_TO_BUILD, HALF_STARTED)
FORGOTTEN = dict.fromkeys((*GIVEN_TO_CI, *BUILT), "")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        yield found


def fields(place: Rotating) -> tuple[str, str, str]:
    return place.kept("current"), place.kept("pending"), place.kept("previous")


def test_the_new_key_becomes_the_current_one_and_the_old_one_is_kept(place: Rotating) -> None:
    action = Promote(profile=place.profile)
    intent = action.intent(place.world, place.facts, FIRST)
    assert action.settle(place.world, intent).state is State.DID_NOT
    outcome = action.perform(place.world, intent, {})
    assert fields(place) == (NEW, "", OLD)
    assert outcome.facts == {OTHER_FIELDS: intent["others"]}
    settled = action.settle(place.world, intent)
    assert (settled.state, settled.outcome) == (State.HAPPENED, outcome)
    place.holds(previous="kept by hand")
    assert action.perform(place.world, intent, {}) == outcome, "done already"
    assert fields(place) == (NEW, "", "kept by hand")


@pytest.mark.parametrize(
    ("current", "pending", "new"),
    [(OLD, THIRD, NEW), (OLD, "", NEW), (OLD, NEW, ""), (NEW, THIRD, NEW), ("", "", "")],
)
def test_what_is_pending_has_to_be_the_key_that_was_made(place: Rotating, current: str, pending: str, new: str) -> None:
    place.holds(current=current, pending=pending)
    action = Promote(profile=place.profile)
    intent = action.intent(place.world, {KEY_PRINT: place.print_of(new)} if new else {}, FIRST)
    with pytest.raises(ActionFailed, match="what is pending is not the key that this run made"):
        action.perform(place.world, intent, {})
    assert fields(place) == (current, pending, "")
    assert action.settle(place.world, intent).state is State.DID_NOT


def test_a_pending_key_beside_the_new_one_is_not_done(place: Rotating) -> None:
    place.holds(current=NEW, pending=NEW)
    action = Promote(profile=place.profile)
    intent = action.intent(place.world, place.facts, FIRST)
    assert action.settle(place.world, intent).state is State.DID_NOT
    action.perform(place.world, intent, {})
    assert fields(place) == (NEW, "", "")


def gone_back(place: Rotating, facts: Facts, folder: Path, *, printed: str = TASK + RECAP) -> dict[str, int]:
    """The way back; how often a play was run."""
    calls = folder / "calls"
    calls.touch()
    (folder / "printed").write_text(printed)
    profile, programs = with_programs(folder, mise=f"echo x >> {calls}; cat {folder}/printed")
    own = msgspec.structs.replace(place.profile, programs=profile.programs)
    world = replace(place.world, programs=programs.programs)
    action = GoBack(profile=own)
    outcome = action.perform(world, action.intent(world, facts, FIRST), facts)
    assert outcome.facts == {}
    return {"plays": len(calls.read_text().split())}


@pytest.mark.parametrize("given", [{}, {GIVEN: RECAP}], ids=["nobody knows whether it had the new one", "it had"])
def test_the_old_key_comes_back_and_ci_gets_it(place: Rotating, given: dict[Fact, str], tmp_path: Path) -> None:
    place.promote()
    assert gone_back(place, place.facts | given, tmp_path) == {"plays": 1}
    assert fields(place) == (OLD, NEW, "")


def test_where_ci_did_not_get_it_the_way_back_is_not_done_although_the_vault_has_it(
    place: Rotating, tmp_path: Path
) -> None:
    place.promote()
    with pytest.raises(Uncertain, match="the vault has the old key again, CI may have either"):
        gone_back(place, place.facts, tmp_path, printed=RECAP)
    assert fields(place) == (OLD, NEW, "")


def test_where_the_old_key_is_current_only_ci_is_given_it_again(place: Rotating, tmp_path: Path) -> None:
    assert gone_back(place, place.facts | {GIVEN: RECAP}, tmp_path) == {"plays": 1}
    assert fields(place) == (OLD, NEW, "")


@pytest.mark.parametrize("kept", [THIRD, ""])
def test_another_key_than_the_old_one_is_not_brought_back(place: Rotating, kept: str, tmp_path: Path) -> None:
    place.promote()
    place.holds(previous=kept)
    with pytest.raises(ActionFailed, match="the key that is kept is not the old one"):
        gone_back(place, place.facts, tmp_path)
    assert fields(place) == (NEW, "", kept)


def test_where_the_old_key_was_never_known_none_is_brought_back(place: Rotating, tmp_path: Path) -> None:
    place.promote()
    place.holds(previous="")
    facts = {name: value for name, value in place.facts.items() if name != OLD_KEY_PRINT}
    with pytest.raises(ActionFailed, match="the key that is kept is not the old one"):
        gone_back(place, facts, tmp_path)


def test_once_the_old_key_is_ended_there_is_no_way_back(place: Rotating) -> None:
    with pytest.raises(ActionFailed, match="ended at noon: there is no way back"):
        GoBack(profile=place.profile).intent(place.world, {REVOKED_AT: "noon"}, FIRST)


def ended(place: Rotating) -> None:
    place.ring.drop(OLD)


def expired(place: Rotating) -> None:
    place.ring.keys[OLD]["isExpired"] = True


@pytest.mark.parametrize(
    ("dies", "facts", "why"),
    [
        (ended, {}, "is not listed any more"),
        (expired, {}, "has expired"),
        (lambda _: None, {OLD_KEY_STATE: EXPIRED}, "was dead when this run began"),
    ],
    ids=["ended", "expired", "dead from the start"],
)
def test_a_dead_key_is_not_given_to_ci_again(
    place: Rotating, dies: Callable[[Rotating], None], facts: dict[Fact, str], why: str
) -> None:
    place.promote()
    known = place.facts | facts
    dies(place)
    with pytest.raises(ActionFailed, match=f"the old key {why}: there is no way back"):
        GoBack(profile=place.profile).intent(place.world, known, FIRST)
    assert fields(place) == (NEW, "", OLD)


def test_where_no_field_holds_the_new_key_nobody_can_tell_and_the_way_back_is_open(place: Rotating) -> None:
    place.holds(current=OLD, pending="")
    assert GoBack(profile=place.profile).intent(place.world, place.facts, FIRST)["old"] == place.print_of(OLD)


def test_where_the_new_key_is_refused_nobody_can_tell_and_the_way_back_is_open(place: Rotating) -> None:
    place.promote()
    known = place.facts
    place.ring.drop(NEW)
    assert GoBack(profile=place.profile).intent(place.world, known, FIRST)["old"] == place.print_of(OLD)


def test_of_a_way_back_that_broke_off_nothing_can_be_told(place: Rotating) -> None:
    action = GoBack(profile=place.profile)
    assert action.settle(place.world, {}).state is State.DID_NOT
    assert action.forgets == FORGOTTEN
