"""Which key lies in which field during a rotation, told by prints and never shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from zotops.checks.rotation_fields import ANewKeyIsPending, DatesAreNoted, PendingHoldsTheNewKey, PreviousHoldsTheOldKey
from zotops.model import Fact, Facts, Verdict
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import OLD_KEY_ID, OLD_KEY_PRINT, REVOKED_AT
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID

PASSED, FAILED = Verdict.PASSED, Verdict.FAILED
ENDS = "2026-09-05T00:00:00+00:00"  # made 90 days before, due 60 days after that
NOTED = {"expires": ENDS, "due": "2026-08-06", "current-id": "id-0001", "revoked": "id-9,id-0000"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ("pending", "verdict", "observed"),
    [
        (NEW, PASSED, "it is, by its fingerprint"),
        (THIRD, FAILED, "it is another key than the one that was made"),
        ("", FAILED, "it is empty"),
        (f"{NEW}\n", FAILED, "a line end or a space was stored with it"),
    ],
)
def test_the_pending_key_is_the_one_that_was_made(
    place: Rotating, pending: str, verdict: Verdict, observed: str
) -> None:
    place.holds(pending=pending)
    evidence = place.look(PendingHoldsTheNewKey, place.facts)
    assert (evidence.verdict, evidence.observed) == (verdict, observed)
    assert NEW not in repr(evidence)


@pytest.mark.parametrize(
    ("pending", "verdict", "observed", "likely"),
    [
        (NEW, PASSED, "a key, and not the one in use", ""),
        (OLD, FAILED, "it is the key in use", "something else was on the clipboard"),
        (f"{NEW}\n", FAILED, "a line end or a space was stored with it", "something else was on the clipboard"),
        ("", FAILED, "it is empty", "not made yet"),
    ],
)
def test_a_key_that_was_pasted_is_another_one_than_the_one_in_use(
    place: Rotating, pending: str, verdict: Verdict, observed: str, likely: str
) -> None:
    place.holds(pending=pending)
    evidence = place.look(ANewKeyIsPending, {})
    assert (evidence.verdict, evidence.observed, evidence.likely) == (verdict, observed, likely)


def test_where_no_key_is_in_use_an_empty_field_is_no_key_in_use(place: Rotating) -> None:
    place.holds(current="", pending="")
    assert place.look(ANewKeyIsPending, {}).observed == "it is empty"


def test_before_a_key_is_made_none_is_expected(place: Rotating) -> None:
    assert place.look(PendingHoldsTheNewKey, {}).observed == f"not yet: {KEY_PRINT} is not known"
    assert place.look(PreviousHoldsTheOldKey, {}).observed == f"not yet: {OLD_KEY_PRINT} is not known"


@pytest.mark.parametrize(
    ("previous", "ended", "verdict", "observed"),
    [
        (OLD, False, PASSED, "it is, by its fingerprint"),
        (OLD, True, PASSED, "it is, by its fingerprint"),
        (THIRD, False, FAILED, "another key"),
        ("", False, FAILED, "empty"),
        ("", True, PASSED, "empty"),
    ],
)
def test_the_old_key_is_kept_until_it_is_ended(
    *, place: Rotating, previous: str, ended: bool, verdict: Verdict, observed: str
) -> None:
    place.holds(previous=previous)
    facts = place.facts | ({REVOKED_AT: "2026-03-08T00:00:00+00:00"} if ended else {})
    evidence = place.look(PreviousHoldsTheOldKey, facts)
    assert (evidence.verdict, evidence.observed) == (verdict, observed)


def noted(place: Rotating, **changes: str) -> None:
    place.holds(pending="", previous="")
    place.holds(**{**NOTED, **{name.replace("_", "-"): text for name, text in changes.items()}})


def test_everything_that_the_next_rotation_needs_is_noted(place: Rotating) -> None:
    noted(place)
    evidence = place.look(DatesAreNoted, place.facts | {KEY_ID: "id-0001", KEY_EXPIRES: ENDS})
    assert (evidence.verdict, evidence.observed) == (PASSED, f"expires {ENDS}, due 2026-08-06")


@pytest.mark.parametrize("written", ["2026-09-05T00:00:00Z", "2026-09-05T02:00:00+02:00"])
def test_the_end_may_be_written_as_the_server_writes_it(place: Rotating, written: str) -> None:
    noted(place, expires=written)
    evidence = place.look(DatesAreNoted, place.facts | {KEY_ID: "id-0001", KEY_EXPIRES: ENDS})
    assert (evidence.verdict, evidence.observed) == (PASSED, f"expires {written}, due 2026-08-06")


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({"expires": ""}, "expires is empty"),
        ({"expires": "2026-01-01"}, "expires is 2026-01-01"),
        ({"due": ""}, "due is empty"),
        ({"due": "2026-08-07"}, "due is 2026-08-07"),
        ({"current_id": "id-0000"}, "current-id is not the new key's"),
        ({"revoked": ""}, "the old key's id is not among the ended ones"),
        ({"revoked": "id-00"}, "the old key's id is not among the ended ones"),
        ({"previous": OLD}, "previous is filled"),
        ({"pending": NEW}, "pending is filled"),
        ({"due": "", "previous": OLD}, "due is empty; previous is filled"),
    ],
)
def test_each_thing_that_is_not_is_named(place: Rotating, changes: dict[str, str], observed: str) -> None:
    noted(place, **changes)
    evidence = place.look(DatesAreNoted, place.facts | {KEY_ID: "id-0001", KEY_EXPIRES: ENDS})
    assert (evidence.verdict, evidence.observed) == (FAILED, observed)


def test_an_old_key_whose_id_nobody_knows_is_not_missed(place: Rotating) -> None:
    noted(place, revoked="")
    facts = {name: value for name, value in place.facts.items() if name != OLD_KEY_ID}
    assert place.look(DatesAreNoted, facts | {KEY_ID: "id-0001", KEY_EXPIRES: ENDS}).verdict is PASSED


@pytest.mark.parametrize(
    ("known", "missing"), [({}, KEY_ID), ({KEY_ID: "x"}, KEY_EXPIRES), ({KEY_EXPIRES: ENDS}, KEY_ID)]
)
def test_without_the_new_keys_id_and_end_nothing_can_be_compared(place: Rotating, known: Facts, missing: Fact) -> None:
    assert place.look(DatesAreNoted, known).observed == f"not yet: {missing} is not known"
