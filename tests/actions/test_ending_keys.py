"""Ending the old key, at a ring of keys in memory. Nothing is sent twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.key_ring import PATH
from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from zotops.actions.revoke import RevokeOldKey
from zotops.errors import ActionFailed
from zotops.model import Attempt, Facts, Intent, Outcome, State
from zotops.systems.rotation import LAST_USES, OLD_KEY_ID, REVOKED_AT, last_uses
from zotops.systems.zot import open_zot, with_key
from zotops.systems.zot_keys import list_keys
from zotops.world import Secret

FIRST = Attempt(run="7f3a", number=1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        found.promote()
        yield found


def uses(place: Rotating) -> str:
    """How the last uses stand now."""
    return last_uses(list_keys(open_zot(place.world, place.profile), with_key("zot-ci", Secret(NEW))))


def revoke(place: Rotating, facts: Facts | None = None) -> Outcome:
    action = RevokeOldKey(profile=place.profile)
    known = place.facts | {LAST_USES: uses(place)} if facts is None else facts
    return action.perform(place.world, action.intent(place.world, known, FIRST), known)


def intent_of(place: Rotating) -> Intent:
    return RevokeOldKey(profile=place.profile).intent(place.world, place.facts, FIRST)


def test_the_old_key_is_ended_with_the_new_one_and_seen_to_be_gone(place: Rotating) -> None:
    outcome = revoke(place)
    assert place.ring.labels == ["zotops/7f3a/1"]
    assert list(outcome.facts) == [REVOKED_AT]
    assert place.told == [("revoking ..0000", "sent, answered")]
    assert RevokeOldKey(profile=place.profile).irreversible is OLD_KEY_ID


def test_a_registry_that_says_200_and_does_nothing_is_not_believed(place: Rotating) -> None:
    place.ring.keeps = True
    with pytest.raises(ActionFailed, match=r"the registry said 200, and \.\.0000 is still listed"):
        revoke(place)


def test_without_the_new_key_in_the_vault_nothing_is_ended(place: Rotating) -> None:
    place.holds(current=THIRD)
    with pytest.raises(ActionFailed, match="nothing was ended: the new key is not in the vault"):
        revoke(place, place.facts)
    assert len(place.ring.labels) == 2


def test_a_list_that_cannot_be_had_ends_nothing(place: Rotating) -> None:
    facts = place.facts
    place.ring.says[f"GET {PATH}"] = 500
    with pytest.raises(ActionFailed, match="nothing was ended: "):
        revoke(place, facts)
    assert len(place.ring.labels) == 2


def test_the_key_in_use_is_never_ended(place: Rotating) -> None:
    with pytest.raises(ActionFailed, match="that is the key in use"):
        revoke(place, place.facts | {OLD_KEY_ID: place.id_of(NEW)})
    assert len(place.ring.labels) == 2


def test_a_key_that_is_not_listed_is_not_ended_either(place: Rotating) -> None:
    facts = place.facts | {LAST_USES: uses(place)}
    place.ring.drop(OLD)
    with pytest.raises(ActionFailed, match=r"no key \.\.0000 is listed"):
        revoke(place, facts)


def test_a_key_that_was_used_since_the_cut_over_is_not_ended(place: Rotating) -> None:
    facts = place.facts | {LAST_USES: uses(place)}
    place.ring.use(OLD)
    with pytest.raises(ActionFailed, match='"zotops/old/1" was used after the cut-over'):
        revoke(place, facts)
    assert len(place.ring.labels) == 2


def test_a_key_that_was_dead_and_came_back_is_ended_although_it_was_tried(place: Rotating) -> None:
    facts = place.facts | {LAST_USES: uses(place), REVOKED_AT: "2026-11-22T09:00:00+00:00"}
    place.ring.use(OLD)
    revoke(place, facts)
    assert place.ring.labels == ["zotops/7f3a/1"]


def test_another_key_that_was_used_does_not_keep_the_old_one(place: Rotating) -> None:
    place.ring.add(THIRD, "by hand")
    facts = place.facts | {LAST_USES: uses(place)}
    place.ring.use(THIRD)
    revoke(place, facts)
    assert place.ring.labels == ["zotops/7f3a/1", "by hand"]


def test_two_lists_without_it_show_that_it_was_ended(place: Rotating) -> None:
    intent = intent_of(place)
    action = RevokeOldKey(profile=place.profile)
    assert action.settle(place.world, intent).state is State.DID_NOT
    place.ring.drop(OLD)
    settled = action.settle(place.world, intent)
    assert (settled.state, list(settled.outcome.facts)) == (State.HAPPENED, [REVOKED_AT])


def test_one_list_with_it_and_one_without_leave_it_open(place: Rotating) -> None:
    intent = intent_of(place)
    row = place.ring.keys.pop(OLD)
    looks = iter(range(99))

    def comes_back(_: str) -> None:
        """As from a registry behind which two others answer in turn."""
        if next(looks) == 3:
            place.ring.keys[OLD] = row

    place.ring.after_use = comes_back
    settled = RevokeOldKey(profile=place.profile).settle(place.world, intent)
    assert (settled.state, settled.how) == (State.CANNOT_TELL, "..0000 was listed in one look of two")


def test_without_the_new_key_nobody_can_tell(place: Rotating) -> None:
    intent = intent_of(place)
    place.holds(current="")
    settled = RevokeOldKey(profile=place.profile).settle(place.world, intent)
    assert (settled.state, settled.how) == (State.CANNOT_TELL, "is ..0000 still among the keys?")
