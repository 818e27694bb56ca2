"""Which key is in use before a rotation, and whether another one is under way; at a ring of keys in memory."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from zotops.checks.rotation_start import CurrentKeyIsKnown, NothingIsPending
from zotops.model import Verdict
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import (
    EXPIRED,
    OLD_KEY_EXPIRES,
    OLD_KEY_ID,
    OLD_KEY_LABEL,
    OLD_KEY_PRINT,
    OLD_KEY_STATE,
    REFUSED,
    WORKS,
)

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        found.holds(**{"current-id": "", "expires": ""})
        yield found


def test_a_key_that_works_is_known_by_all_that_is_listed_of_it(place: Rotating) -> None:
    evidence = place.look(CurrentKeyIsKnown, {})
    assert (evidence.verdict, evidence.observed) == (PASSED, '..0000 "zotops/old/1" works, until 2026-06-05')
    assert evidence.twin == "a made-up key: 401"
    assert evidence.facts == {
        OLD_KEY_ID: "id-0000",
        OLD_KEY_LABEL: "zotops/old/1",
        OLD_KEY_EXPIRES: "2026-06-05T00:00:00+00:00",
        OLD_KEY_PRINT: place.print_of(OLD),
        OLD_KEY_STATE: WORKS,
    }


def test_a_key_without_an_end_is_said_to_have_none(place: Rotating) -> None:
    place.ring.keys[OLD]["expirationDate"] = "0001-01-01T00:00:00Z"
    evidence = place.look(CurrentKeyIsKnown, {})
    assert evidence.observed == '..0000 "zotops/old/1" never ends'
    assert evidence.facts[OLD_KEY_EXPIRES] == ""


@pytest.mark.parametrize("current", ["", "unset", f"{OLD}\n"])
def test_what_is_no_key_is_not_looked_for(place: Rotating, current: str) -> None:
    place.holds(current=current)
    evidence = place.look(CurrentKeyIsKnown, {})
    assert (evidence.verdict, evidence.observed.startswith("no key yet")) == (FAILED, True)
    assert place.ring.strangers == place.ring.uses == 0


def test_a_registry_that_takes_a_made_up_key_is_not_believed(place: Rotating) -> None:
    place.ring.says["GET /v2/"] = 200
    evidence = place.look(CurrentKeyIsKnown, {})
    assert (evidence.verdict, evidence.observed, evidence.twin) == (FAILED, "200 with the key", "a made-up key: 200")
    assert evidence.facts == {}


def test_a_registry_that_answers_neither_way_tells_nothing(place: Rotating) -> None:
    place.ring.odd = 500
    evidence = place.look(CurrentKeyIsKnown, {})
    assert (evidence.verdict, evidence.observed.startswith("500, which says neither")) == (UNKNOWN, True)


@pytest.mark.parametrize(
    ("minutes", "known", "state", "said"),
    [
        (-1, "id-0000", EXPIRED, "401: expired on "),
        (+1, "id-0000", REFUSED, "401: refused although its time is not over"),
        (None, "", REFUSED, "401: refused although its time is not over"),
    ],
)
def test_of_a_key_that_is_not_taken_the_vault_tells_what_was_noted(
    place: Rotating, minutes: int | None, known: str, state: str, said: str
) -> None:
    place.ring.drop(OLD)
    until = "" if minutes is None else (place.world.clock.now() + timedelta(minutes=minutes)).isoformat()
    place.holds(**{"expires": until, "current-id": known})
    evidence = place.look(CurrentKeyIsKnown, {})
    assert (evidence.verdict, evidence.observed.startswith(said)) == (PASSED, True)
    wanted = {OLD_KEY_PRINT: place.print_of(OLD), OLD_KEY_STATE: state, OLD_KEY_EXPIRES: until}
    assert evidence.facts == wanted | ({OLD_KEY_ID: known} if known else {})


@pytest.mark.parametrize(
    ("days", "state", "said"),
    [(-1, EXPIRED, "401: expired on 20"), (+1, REFUSED, "401: refused although"), (0, EXPIRED, "401: expired on 20")],
)
def test_the_day_that_a_person_wrote_counts_from_its_start(place: Rotating, days: int, state: str, said: str) -> None:
    place.ring.drop(OLD)
    place.holds(expires=(place.world.clock.now() + timedelta(days=days)).date().isoformat())
    evidence = place.look(CurrentKeyIsKnown, {})
    assert (evidence.facts[OLD_KEY_STATE], evidence.observed.startswith(said)) == (state, True)


def test_what_is_no_day_tells_nothing_of_a_key_that_is_not_taken(place: Rotating) -> None:
    place.ring.drop(OLD)
    place.holds(expires="in spring")
    evidence = place.look(CurrentKeyIsKnown, {})
    assert evidence.facts[OLD_KEY_STATE] == REFUSED
    assert evidence.observed.startswith("401: refused, and 'in spring', which is noted as its end, is no day")


@pytest.mark.parametrize(
    ("pending", "previous", "ours", "verdict", "observed"),
    [
        ("", "", False, PASSED, "empty"),
        ("", THIRD, False, PASSED, "empty; `previous` still holds an earlier key, which `promote` replaces"),
        (NEW, "", True, PASSED, "the key that this run made"),
        (NEW, "", False, FAILED, "it is filled"),
        (THIRD, "", True, FAILED, "it is filled"),
        ("", "", True, PASSED, "empty"),
    ],
)
def test_only_a_pending_key_of_another_run_is_in_the_way(
    *, place: Rotating, pending: str, previous: str, ours: bool, verdict: Verdict, observed: str
) -> None:
    place.holds(pending=pending, previous=previous)
    evidence = place.look(NothingIsPending, {KEY_PRINT: place.print_of(NEW)} if ours else {})
    assert (evidence.verdict, evidence.observed) == (verdict, observed)


def test_an_empty_field_is_no_key_of_this_run(place: Rotating) -> None:
    place.holds(pending="")
    assert place.look(NothingIsPending, {KEY_PRINT: ""}).observed == "empty"
