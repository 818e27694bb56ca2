"""What is left for the next rotation, the waiting before the old key is ended, and who makes the next key."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.platform.forge_table import DAGGER, run
from tests.platform.rotating import OLD, THIRD, Rotating, rotating
from tests.platform.stand_ins import FlyingClock
from zotops.actions.arm import Arm
from zotops.actions.soak import Soak
from zotops.actions.successor import MintSuccessor
from zotops.errors import ActionFailed
from zotops.model import Attempt, Facts, Outcome, State
from zotops.systems.rotation import (
    CUT_OVER_AT,
    CUT_OVER_BUILDS,
    ENDED_IDS,
    EXPIRED,
    LAST_USES,
    OLD_KEY_ID,
    OLD_KEY_STATE,
    WORKS,
)
from zotops.systems.zot import with_key
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID
from zotops.world import Secret

FIRST = Attempt(run="7f3a", number=1)
ENDS = "2026-09-05T00:00:00+00:00"
KNOWN: Facts = {KEY_ID: "id-0001", KEY_EXPIRES: ENDS}


class Moving(FlyingClock):
    """A clock whose day goes on, too, while somebody waits."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        found.promote()
        found.world = replace(found.world, clock=Moving())
        yield found


@pytest.mark.parametrize(
    ("before", "facts", "revoked"),
    [
        ("", {OLD_KEY_ID: "id-0000"}, "id-0000"),
        ("id-8,id-9", {OLD_KEY_ID: "id-0000"}, "id-8,id-9,id-0000"),
        ("id-0000", {OLD_KEY_ID: "id-0000"}, "id-0000"),
        ("", {}, ""),
        ("id-9", {ENDED_IDS: "id-3,id-4", OLD_KEY_ID: "id-3"}, "id-9,id-3,id-4"),
    ],
)
def test_dates_and_ids_are_written_in_one_edit_and_no_old_key_is_kept(
    place: Rotating, before: str, facts: Facts, revoked: str
) -> None:
    place.holds(revoked=before)
    action = Arm(profile=place.profile)
    intent = action.intent(place.world, {**KNOWN, **facts}, FIRST)
    assert action.settle(place.world, intent).state is State.DID_NOT
    action.perform(place.world, intent, {})
    kept = [place.kept(name) for name in ("expires", "due", "current-id", "revoked", "previous")]
    assert kept == [ENDS, "2026-08-06", "id-0001", revoked, ""]
    assert place.told[-1][1] == f"expires {ENDS}, due 2026-08-06; previous emptied"
    assert action.settle(place.world, intent).state is State.HAPPENED


@pytest.mark.parametrize("otherwise", [{"previous": OLD}, {"due": ""}, {"current-id": "id-0000"}])
def test_a_field_that_is_otherwise_shows_that_it_was_not_done(place: Rotating, otherwise: dict[str, str]) -> None:
    action = Arm(profile=place.profile)
    intent = action.intent(place.world, KNOWN, FIRST)
    action.perform(place.world, intent, {})
    place.holds(**otherwise)
    assert action.settle(place.world, intent).state is State.DID_NOT


@pytest.mark.parametrize("facts", [{}, {KEY_ID: "x"}, {KEY_EXPIRES: ENDS}])
def test_without_the_new_keys_id_and_end_nothing_is_written(place: Rotating, facts: Facts) -> None:
    with pytest.raises(ActionFailed, match="which key is the new one is not known"):
        Arm(profile=place.profile).intent(place.world, facts, FIRST)


def soaked(place: Rotating, minutes_ago: float, builds: str | None = "14 15") -> tuple[Outcome, float]:
    """The outcome, and how many minutes were waited."""
    at = (place.world.clock.now() - timedelta(minutes=minutes_ago)).isoformat()
    facts = place.facts | {CUT_OVER_AT: at} | ({CUT_OVER_BUILDS: builds} if builds is not None else {})
    action = Soak(profile=place.profile)
    before = place.world.clock.ticks()
    outcome = action.perform(place.world, action.intent(place.world, facts, FIRST), facts)
    return outcome, (place.world.clock.ticks() - before) / 60


def test_what_is_over_is_not_waited_for(place: Rotating) -> None:
    place.waits(run(6, DAGGER, status="running"))  # id 16, begun since
    outcome, waited = soaked(place, 31)
    assert (outcome, place.told) == (Outcome(), [])
    assert waited < 0.1


def test_builds_from_before_are_waited_for_and_the_time_begins_anew(place: Rotating) -> None:
    place.waits(run(4, DAGGER, status="running"))
    runs = iter([True, True])

    def ends_after_two_looks(line: str) -> None:
        if "status=running" in line and not next(runs, False):
            place.waits()

    place.forge.server.before_answer = ends_after_two_looks
    place.ring.use(OLD)
    began = place.world.clock.now()
    outcome, waited = soaked(place, 31)
    assert place.told[0] == ("builds from before", "run 4 running")
    assert 29.9 < waited < 30.2, "the build's end was seen at once"
    assert datetime.fromisoformat(outcome.facts[CUT_OVER_AT]) >= began.replace(microsecond=0)
    assert outcome.facts[LAST_USES].startswith("id-0000=2026-03-08")


def test_the_rest_of_the_time_is_waited_for_and_told(place: Rotating) -> None:
    outcome, waited = soaked(place, 28)
    assert outcome == Outcome()
    assert 1.9 < waited < 2.2
    assert place.told[0] == ("the old key stays quiet", "2.0 min to go; it may be left and resumed")


@pytest.mark.parametrize("builds", ["none", "", None])
def test_where_every_build_had_ended_none_is_from_before(place: Rotating, builds: str | None) -> None:
    place.waits(run(4, DAGGER, status="running"))
    assert soaked(place, 31, builds)[0] == Outcome()


def test_without_a_hand_over_there_is_no_moment_to_count_from(place: Rotating) -> None:
    with pytest.raises(ActionFailed, match="when CI was given the new key is not known") as failed:
        Soak(profile=place.profile).intent(place.world, place.facts, FIRST)
    assert failed.value.remedy == "--step propagate finds it out"


def test_without_the_new_key_the_time_is_not_counted_anew(place: Rotating) -> None:
    place.waits(run(4, DAGGER, status="running"))
    place.holds(current=THIRD)
    assert soaked(place, 31)[0] == Outcome()


def test_waiting_is_never_over_by_itself(place: Rotating) -> None:
    assert Soak(profile=place.profile).settle(place.world, {}).state is State.DID_NOT


@pytest.mark.parametrize(
    ("state", "taken", "by_session"),
    [(WORKS, True, False), (WORKS, False, True), (EXPIRED, True, True), ("", True, True)],
)
def test_the_current_key_makes_the_next_one_while_it_works(
    *, place: Rotating, state: str, taken: bool, by_session: bool
) -> None:
    place.holds(current=OLD if taken else THIRD)
    action, left = MintSuccessor(profile=place.profile), list[str]()
    facts = {OLD_KEY_STATE: state} if state else {}
    if by_session:
        with pytest.raises(ActionFailed), action.as_ci(place.world, facts, left):
            pass
        assert ("asked with", "the current key; nobody has to sign in") not in place.told
    else:
        with action.as_ci(place.world, facts, left) as caller:
            assert caller.headers == with_key("zot-ci", Secret(OLD)).headers
        assert left == []
