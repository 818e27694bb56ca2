"""Whether the old key is dead, at a ring of keys in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from zotops.checks.rotation_end import OldKeyIsGone, OldKeyIsRefused, OnlyTheNewKeyIsLeft
from zotops.model import Check, Facts, Verdict
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import ENDED_IDS, OLD_KEY_ID, OLD_KEY_PRINT, OTHER_IDS, REVOKED_AT

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        found.promote()
        yield found


def without(facts: Facts, *names: object) -> Facts:
    return {name: value for name, value in facts.items() if name not in names}


@pytest.mark.parametrize("check", [OldKeyIsGone, OnlyTheNewKeyIsLeft, OldKeyIsRefused])
def test_without_the_new_key_nothing_is_asked(place: Rotating, check: type[Check]) -> None:
    place.holds(current=THIRD)
    assert place.look(check, place.facts).observed == f"not yet: {KEY_PRINT} is not known"
    assert place.ring.uses == 0


def test_an_old_key_that_is_gone_is_seen_twice_and_noted(place: Rotating) -> None:
    facts = place.facts
    place.ring.drop(OLD)
    evidence = place.look(OldKeyIsGone, facts)
    assert (evidence.verdict, evidence.observed) == (PASSED, "not among 1, 2 of 2 looks")
    assert list(evidence.facts) == [REVOKED_AT]


def test_an_old_key_that_is_listed_is_red(place: Rotating) -> None:
    evidence = place.look(OldKeyIsGone, place.facts)
    assert (evidence.verdict, evidence.observed) == (FAILED, '..0000 "zotops/old/1" is listed')
    assert evidence.facts == {}


@pytest.mark.parametrize(("expired", "verdict"), [(True, FAILED), (False, PASSED)])
def test_where_the_old_keys_id_is_not_known_what_has_expired_must_be_gone(
    *, place: Rotating, expired: bool, verdict: Verdict
) -> None:
    place.ring.add(THIRD, "by hand", expired=expired)
    evidence = place.look(OldKeyIsGone, without(place.facts, OLD_KEY_ID))
    assert evidence.verdict is verdict
    assert ('..0002 "by hand"' in evidence.observed) is expired


def test_an_expired_key_beside_the_old_one_that_is_known_is_no_matter(place: Rotating) -> None:
    facts = place.facts
    place.ring.add(THIRD, "by hand", expired=True)
    place.ring.drop(OLD)
    assert place.look(OldKeyIsGone, facts).verdict is PASSED


def test_after_a_leak_every_other_key_is_named(place: Rotating) -> None:
    place.ring.add(THIRD, "the thief's")
    evidence = place.look(OnlyTheNewKeyIsLeft, place.facts)
    assert (evidence.verdict, evidence.observed) == (FAILED, '..0002 "the thief\'s", ..0000 "zotops/old/1"')
    assert evidence.facts == {OTHER_IDS: "id-0002,id-0000", ENDED_IDS: ""}


def test_after_a_leak_the_new_key_alone_is_right(place: Rotating) -> None:
    facts = place.facts
    place.ring.drop(OLD)
    evidence = place.look(OnlyTheNewKeyIsLeft, facts)
    assert (evidence.verdict, evidence.observed) == (PASSED, "1 key, in 2 lists")
    assert set(evidence.facts) == {REVOKED_AT, OTHER_IDS, ENDED_IDS}


def test_after_a_leak_what_was_seen_and_is_gone_counts_as_ended_whoever_ended_it(place: Rotating) -> None:
    facts = place.facts | {ENDED_IDS: "id-8"}
    place.ring.add(THIRD, "the thief's")
    facts |= place.look(OnlyTheNewKeyIsLeft, facts).facts
    place.ring.drop(OLD)
    facts |= place.look(OnlyTheNewKeyIsLeft, facts).facts
    assert (facts[ENDED_IDS], REVOKED_AT in facts) == ("id-8,id-0000", False)
    place.ring.drop(THIRD)
    facts |= place.look(OnlyTheNewKeyIsLeft, facts).facts
    assert (facts[ENDED_IDS], REVOKED_AT in facts) == ("id-8,id-0002,id-0000", True)


def test_a_key_that_comes_back_from_a_backup_does_not_count_as_ended(place: Rotating) -> None:
    facts = place.facts | {ENDED_IDS: "id-8,id-0000"}
    evidence = place.look(OnlyTheNewKeyIsLeft, facts)
    assert (evidence.verdict, evidence.facts[ENDED_IDS]) == (FAILED, "id-8")


def test_an_old_key_that_is_refused_between_two_takings_of_the_new_one_is_dead(place: Rotating) -> None:
    facts = place.facts
    place.ring.drop(OLD)
    evidence = place.look(OldKeyIsRefused, facts)
    assert (evidence.verdict, evidence.observed) == (PASSED, "old 401, new 200, old 401")
    assert evidence.twin == "the new key, same request: 200"


def test_an_old_key_that_is_taken_is_alive(place: Rotating) -> None:
    evidence = place.look(OldKeyIsRefused, place.facts)
    assert (evidence.verdict, evidence.observed) == (FAILED, "old 200, new 200, old 200; the old one is listed")
    assert "restored from a backup" in evidence.likely
    assert evidence.remedy == "end it again: --step revoke"


def test_an_old_key_that_is_refused_and_listed_is_not_ended(place: Rotating) -> None:
    facts = place.facts
    place.ring.keys[OLD]["isExpired"] = True
    evidence = place.look(OldKeyIsRefused, facts)
    assert (evidence.verdict, evidence.observed) == (FAILED, "old 401, new 200, old 401; the old one is listed")
    assert (evidence.likely, evidence.remedy) == ("its time is over, but it was not ended", "end it: --step revoke")


def test_a_new_key_that_is_refused_too_needs_another_one_at_once(place: Rotating) -> None:
    facts = place.facts
    place.ring.drop(OLD)
    place.ring.drop(NEW)
    evidence = place.look(OldKeyIsRefused, facts)
    assert (evidence.verdict, evidence.observed) == (FAILED, "old 401, new 401, old 401")
    assert evidence.likely == "the new key was ended as well"
    assert "invoke rotate-key --new" in evidence.remedy


def test_a_new_key_that_was_ended_instead_of_the_old_one_needs_another_one_at_once(place: Rotating) -> None:
    facts = place.facts
    place.ring.drop(NEW)
    evidence = place.look(OldKeyIsRefused, facts)
    assert (evidence.verdict, evidence.observed) == (FAILED, "old 200, new 401, old 200")
    assert evidence.likely == "the wrong key was ended"
    assert "invoke rotate-key --new" in evidence.remedy


def test_an_answer_that_judges_no_keys_says_nothing(place: Rotating) -> None:
    place.ring.says["GET /v2/"] = 404
    evidence = place.look(OldKeyIsRefused, place.facts)
    assert (evidence.verdict, evidence.observed) == (UNKNOWN, "[404, 404, 404], which says nothing about keys")


@pytest.mark.parametrize("previous", ["", "unset", THIRD])
@pytest.mark.parametrize(
    ("ended", "dropped", "verdict", "observed"),
    [
        (True, True, PASSED, "no copy of the old key is left to try; it is not listed"),
        (True, False, FAILED, "no copy of the old key is left to try; it is listed"),
        (False, True, FAILED, "no copy of the old key is left to try; nobody saw it end"),
    ],
)
def test_without_a_copy_of_the_old_key_the_list_has_to_do(
    *, place: Rotating, previous: str, ended: bool, dropped: bool, verdict: Verdict, observed: str
) -> None:
    facts = place.facts | ({REVOKED_AT: "2026-03-08T00:00:00+00:00"} if ended else {})
    place.holds(previous=previous)
    if dropped:
        place.ring.drop(OLD)
    evidence = place.look(OldKeyIsRefused, facts)
    assert (evidence.verdict, evidence.observed) == (verdict, observed)


def test_an_old_key_whose_print_nobody_knows_is_not_tried(place: Rotating) -> None:
    evidence = place.look(OldKeyIsRefused, without(place.facts, OLD_KEY_PRINT))
    assert "no copy of the old key is left to try" in evidence.observed
    assert place.ring.keys[OLD]["lastUsed"].startswith("0001")
