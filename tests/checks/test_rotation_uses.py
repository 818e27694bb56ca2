"""Whose keys are used after the cut-over, at a ring of keys in memory and a forge in a table."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tests.platform.forge_table import DAGGER, SKOPEO, run
from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from zotops.checks.rotation_uses import CiWasGivenTheKey, OldKeyIsQuiet, OldKeyStillLives, OnlyTheNewKeyIsUsed
from zotops.model import Check, Fact, Facts, Verdict
from zotops.profile import Copy
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import (
    BY_API,
    COPIES_GIVEN,
    CUT_OVER_AT,
    CUT_OVER_BUILDS,
    EXPIRED,
    GIVEN,
    LAST_USES,
    OLD_KEY_EXPIRES,
    OLD_KEY_ID,
    OLD_KEY_LABEL,
    OLD_KEY_STATE,
    REVOKED_AT,
    WORKS,
)

PASSED, FAILED = Verdict.PASSED, Verdict.FAILED
RECAP = "practice-host : ok=7 changed=0 unreachable=0 failed=0"
UNTIL = "2026-06-05T00:00:00+00:00"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        found.promote()
        yield found


def without(facts: Facts, *names: object) -> dict[Fact, str]:
    return {name: value for name, value in facts.items() if name not in names}


def cut_over(place: Rotating, *, minutes_ago: float = 60) -> Facts:
    """What is known since CI has the new key."""
    at = place.world.clock.now() - timedelta(minutes=minutes_ago)
    evidence = place.look(CiWasGivenTheKey, place.facts | {GIVEN: RECAP})
    assert evidence.verdict is PASSED
    return {**place.facts, **evidence.facts, CUT_OVER_AT: at.isoformat(timespec="seconds")}


@pytest.mark.parametrize("check", [OldKeyStillLives, OnlyTheNewKeyIsUsed, OldKeyIsQuiet])
def test_without_the_new_key_nothing_is_asked(place: Rotating, check: type[Check]) -> None:
    facts = cut_over(place)
    place.holds(current=THIRD)
    asked = place.ring.uses
    assert place.look(check, facts).observed == f"not yet: {KEY_PRINT} is not known"
    assert place.ring.uses == asked


@pytest.mark.parametrize(
    ("ends", "facts", "verdict", "observed", "likely"),
    [
        ("", {}, PASSED, "it lives", ""),
        ("", {OLD_KEY_STATE: WORKS}, PASSED, "it lives", ""),
        ("expires", {}, FAILED, "expired", "its time is over"),
        ("goes", {}, FAILED, "not listed", "somebody ended it too early, or the registry was restored"),
        ("expires", {OLD_KEY_STATE: EXPIRED}, PASSED, "it is dead, and meant to be", ""),
        ("goes", {REVOKED_AT: UNTIL}, PASSED, "it is dead, and meant to be", ""),
    ],
)
def test_the_old_key_lives_until_it_is_meant_to_be_dead(
    *, place: Rotating, ends: str, facts: Facts, verdict: Verdict, observed: str, likely: str
) -> None:
    known = {**place.facts, **facts}
    if ends == "expires":
        place.ring.keys[OLD]["isExpired"] = True
    if ends == "goes":
        place.ring.drop(OLD)
    evidence = place.look(OldKeyStillLives, known)
    assert (evidence.verdict, evidence.observed, evidence.likely) == (verdict, observed, likely)
    assert evidence.facts == {}


@pytest.mark.parametrize(
    ("expired", "until", "told"),
    [
        ((), UNTIL, None),
        ((OLD,), "", OLD),
        ((OLD,), UNTIL, OLD),
        ((OLD, THIRD), UNTIL, OLD),
        ((OLD, THIRD), "", None),
        ((THIRD,), UNTIL, THIRD),
    ],
)
def test_an_old_key_that_nobody_noted_is_told_by_its_end(
    place: Rotating, expired: tuple[str, ...], until: str, told: str | None
) -> None:
    place.ring.add(THIRD, "by hand", expires="2026-05-01T00:00:00Z")
    for key in expired:
        place.ring.keys[key]["isExpired"] = True
    facts = without(place.facts, OLD_KEY_ID) | {OLD_KEY_STATE: EXPIRED, OLD_KEY_EXPIRES: until}
    found = place.look(OldKeyStillLives, facts).facts
    if told is None:
        assert found == {}
    else:
        assert found == {OLD_KEY_ID: place.id_of(told), OLD_KEY_LABEL: place.ring.keys[told]["label"]}


def test_a_key_without_an_end_is_never_told_by_it(place: Rotating) -> None:
    place.ring.keys[OLD] |= {"isExpired": True, "expirationDate": "0001-01-01T00:00:00Z"}
    place.ring.add(THIRD, "by hand", expired=True)
    facts = without(place.facts, OLD_KEY_ID) | {OLD_KEY_STATE: EXPIRED}
    assert place.look(OldKeyStillLives, facts).facts == {}


def test_before_the_play_nothing_was_given(place: Rotating) -> None:
    assert place.look(CiWasGivenTheKey, place.facts).observed == f"not yet: {GIVEN} is not known"


def test_what_stands_when_ci_has_the_key_is_noted(place: Rotating) -> None:
    place.forge.has_runs(run(3, DAGGER), run(9, SKOPEO), run(4, DAGGER))
    place.waits(run(9, SKOPEO, status="waiting"), run(4, DAGGER, status="running"))
    place.ring.use(OLD)
    evidence = place.look(CiWasGivenTheKey, place.facts | {GIVEN: RECAP})
    assert (evidence.verdict, evidence.observed) == (PASSED, RECAP)
    assert evidence.facts[CUT_OVER_BUILDS] == "14 19"
    assert evidence.facts[LAST_USES].startswith("id-0000=2026-03-08T00:01:00")
    assert "id-0001=" in evidence.facts[LAST_USES]


def test_a_forge_where_every_build_has_ended_has_none_from_before(place: Rotating) -> None:
    place.forge.has_runs(run(3, DAGGER))
    assert place.look(CiWasGivenTheKey, place.facts | {GIVEN: RECAP}).facts[CUT_OVER_BUILDS] == "none"


@pytest.mark.parametrize(
    ("recap", "current", "observed"),
    [
        (RECAP.replace("failed=0", "failed=1"), NEW, RECAP.replace("failed=0", "failed=1")),
        (RECAP.replace("unreachable=0", "unreachable=1"), NEW, RECAP.replace("unreachable=0", "unreachable=1")),
        (RECAP, OLD, f"{RECAP}; the new key is in neither field"),
    ],
)
def test_a_play_that_failed_or_had_another_key_gave_nothing(
    place: Rotating, recap: str, current: str, observed: str
) -> None:
    place.holds(current=current)
    evidence = place.look(CiWasGivenTheKey, place.facts | {GIVEN: recap})
    assert (evidence.verdict, evidence.observed, evidence.facts) == (FAILED, observed, {})


def pushes_from_website_too(place: Rotating, given_by: Literal["role", "api"]) -> None:
    copies = (Copy(owner="ops", repo="website", secret="K"),)
    forge = msgspec.structs.replace(place.profile.forge, copies=copies, given_by=given_by)
    place.profile = msgspec.structs.replace(place.profile, forge=forge)


@pytest.mark.parametrize(("given_by", "recap"), [("role", RECAP), ("api", BY_API)])
@pytest.mark.parametrize(("given", "all_have_it"), [("ops/other ops/website", True), ("", False), ("ops/web", False)])
def test_each_repository_that_pushes_with_the_key_has_to_have_it(
    place: Rotating, given_by: Literal["role", "api"], recap: str, given: str, *, all_have_it: bool
) -> None:
    pushes_from_website_too(place, given_by)
    evidence = place.look(CiWasGivenTheKey, place.facts | {GIVEN: recap, COPIES_GIVEN: given})
    assert evidence.verdict is (PASSED if all_have_it else FAILED)
    assert evidence.observed == (recap if all_have_it else f"{recap}; ops/website was not given it")
    assert evidence.expected.startswith({"role": "the play's last line", "api": BY_API}[given_by])


@pytest.mark.parametrize(("given_by", "where"), [("role", "mise run "), ("api", "http")])
def test_a_person_looks_where_the_key_is_given(place: Rotating, given_by: Literal["role", "api"], where: str) -> None:
    pushes_from_website_too(place, given_by)
    assert CiWasGivenTheKey(profile=place.profile).look.command.startswith(where)


@pytest.mark.parametrize(("given_by", "recap"), [("role", BY_API), ("api", RECAP)])
def test_what_shows_one_way_is_no_proof_of_the_other(
    place: Rotating, given_by: Literal["role", "api"], recap: str
) -> None:
    pushes_from_website_too(place, given_by)
    evidence = place.look(CiWasGivenTheKey, place.facts | {GIVEN: recap, COPIES_GIVEN: "ops/website"})
    assert (evidence.verdict, evidence.observed) == (FAILED, recap)


def test_the_new_key_may_be_used_as_often_as_it_likes(place: Rotating) -> None:
    facts = cut_over(place)
    place.ring.use(NEW)
    evidence = place.look(OnlyTheNewKeyIsUsed, facts)
    assert evidence.verdict is PASSED
    assert evidence.observed == f"of 1 other none has moved since {facts[CUT_OVER_AT]}"


def test_every_other_key_that_was_used_or_made_is_named(place: Rotating) -> None:
    facts = cut_over(place)
    place.ring.use(OLD)
    place.ring.add(THIRD, "by hand")
    evidence = place.look(OnlyTheNewKeyIsUsed, facts)
    assert evidence.verdict is FAILED
    assert '..0000 "zotops/old/1" used 2026-03-08T00:' in evidence.observed
    assert '..0002 "by hand" used never' in evidence.observed


def test_before_the_cut_over_no_use_is_compared(place: Rotating) -> None:
    assert place.look(OnlyTheNewKeyIsUsed, place.facts).observed == f"not yet: {LAST_USES} is not known"


@pytest.mark.parametrize("missing", [LAST_USES, CUT_OVER_AT, CUT_OVER_BUILDS])
def test_before_the_cut_over_no_quiet_is_counted(place: Rotating, missing: object) -> None:
    facts = without(cut_over(place), missing)
    assert place.look(OldKeyIsQuiet, facts).observed == f"not yet: {missing} is not known"


def test_a_key_that_nobody_used_for_long_enough_is_quiet(place: Rotating) -> None:
    facts = cut_over(place)
    place.forge.has_runs(run(1, DAGGER))
    place.waits(run(1, DAGGER, status="running"))  # a later one than the cut-over's
    evidence = place.look(OldKeyIsQuiet, facts)
    assert (evidence.verdict, evidence.observed) == (PASSED, f"not used since {facts[CUT_OVER_AT]}")


def test_quiet_takes_its_time(place: Rotating) -> None:
    evidence = place.look(OldKeyIsQuiet, cut_over(place, minutes_ago=20))
    assert evidence.verdict is FAILED
    assert evidence.observed.endswith(" s of the time are left")
    assert (evidence.likely, evidence.remedy) == ("it is too early", "wait, then look again")


def test_an_old_key_that_stirs_is_named(place: Rotating) -> None:
    facts = cut_over(place)
    place.ring.use(OLD)
    evidence = place.look(OldKeyIsQuiet, facts)
    assert evidence.verdict is FAILED
    assert evidence.observed.startswith('..0000 "zotops/old/1" was used 2026-03-08T00:')
    assert evidence.likely == "somebody still has the old key"
    assert "--step propagate" in evidence.remedy


@pytest.mark.parametrize(("known", "verdict"), [(True, PASSED), (False, FAILED)])
def test_another_key_that_stirs_matters_only_where_the_old_one_is_not_known(
    *, place: Rotating, known: bool, verdict: Verdict
) -> None:
    place.ring.add(THIRD, "by hand")
    facts = cut_over(place)
    place.ring.use(THIRD)
    found = place.look(OldKeyIsQuiet, facts if known else without(facts, OLD_KEY_ID))
    assert found.verdict is verdict


def test_a_build_from_before_may_still_hold_the_old_key_wherever_it_stands_in_the_list(place: Rotating) -> None:
    place.forge.has_runs(run(1, DAGGER))
    place.waits(run(5, DAGGER, status="waiting"))
    facts = cut_over(place)
    place.waits(run(5, DAGGER, status="running"), run(3, SKOPEO, status="running"))
    evidence = place.look(OldKeyIsQuiet, facts)
    assert (evidence.verdict, evidence.observed) == (FAILED, f"run 5 ({DAGGER}) from before the cut-over is running")


def test_that_ci_is_refused_already_stops_nothing(place: Rotating) -> None:
    assert OldKeyStillLives(profile=place.profile).advisory
