"""Ending the old key, or all but the new one; at a ring of keys in memory. Nothing is sent twice."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.actions.key_ring import PATH
from tests.checks.test_questions import PREVIEW, PROVIDERS, claims, provider
from tests.checks.test_sessions import CLEAN
from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from tests.systems.outside import tabled
from zotops.actions.end_others import EndAllOthers
from zotops.actions.revoke import RevokeOldKey
from zotops.errors import ActionFailed
from zotops.model import Attempt, Facts, Intent, Outcome, State
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import ENDED_IDS, LAST_USES, OLD_KEY_ID, REVOKED_AT, last_uses
from zotops.systems.zot import open_zot, with_key
from zotops.systems.zot_keys import KEY_ID, list_keys
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


def end_all(place: Rotating) -> Outcome:
    action = EndAllOthers(profile=place.profile)
    return action.perform(place.world, action.intent(place.world, place.facts, FIRST), place.facts)


def test_after_a_leak_all_others_are_ended_and_told_of(place: Rotating) -> None:
    place.ring.add(THIRD, "the thief's")
    place.ring.use(THIRD)
    outcome = end_all(place)
    assert place.ring.labels == ["zotops/7f3a/1"]
    assert set(outcome.facts[ENDED_IDS].split(",")) == {"id-0000", "id-0002"}
    assert outcome.left == (
        'ended: ..0002 "the thief\'s", made by no run of zotops, 2026-03-07 00:02; last used 2026-03-08 00:01',
        'ended: ..0000 "zotops/old/1", made by zotops, 2026-03-07 00:00; last used never',
    )
    assert EndAllOthers(profile=place.profile).irreversible is KEY_ID


def test_a_key_that_nobody_dated_is_told_of_too(place: Rotating) -> None:
    place.ring.keys[OLD]["createdAt"] = ""
    (left,) = end_all(place).left
    assert "made by zotops, at an unknown time" in left


def test_one_that_is_made_meanwhile_is_ended_in_the_next_round(place: Rotating) -> None:
    once = iter([True])

    def makes_another(_: str) -> None:
        """As whoever has the leaked key."""
        if len(place.ring.keys) == 1 and next(once, False):
            place.ring.add(THIRD, "made meanwhile")

    place.ring.after_use = makes_another
    assert len(end_all(place).left) == 2
    assert place.ring.labels == ["zotops/7f3a/1"]


def test_others_that_appear_faster_than_they_are_ended_are_given_up(place: Rotating) -> None:
    place.ring.keeps = True
    with pytest.raises(ActionFailed, match="after 20 rounds there are still others"):
        end_all(place)


def test_a_new_key_that_was_ended_by_the_thief_is_answered_by_a_sign_in_that_looks_before_it_leaps(
    place: Rotating,
) -> None:
    place.ring.keys[NEW]["isExpired"] = True
    with tabled({**CLEAN, PROVIDERS: provider(), PREVIEW: claims([])}) as server:
        there = msgspec.structs.replace(place.profile.identity_provider, url=server.url)
        place.profile = msgspec.structs.replace(place.profile, identity_provider=there)
        place.safe.fields[place.profile.provider_token] = "token"
        with pytest.raises(ActionFailed, match="zot-ci would sign in with no group"):
            end_all(place)
    assert len(place.ring.labels) == 2


def test_without_the_new_key_in_the_vault_no_other_is_ended(place: Rotating) -> None:
    place.holds(current="")
    with pytest.raises(ActionFailed, match="nothing was ended: the new key is not in the vault"):
        end_all(place)
    assert len(place.ring.labels) == 2


@pytest.mark.parametrize(
    ("alone", "there", "listed", "state"),
    [
        (True, True, True, State.HAPPENED),
        (False, True, True, State.DID_NOT),
        (True, False, True, State.DID_NOT),
        (True, True, False, State.DID_NOT),
    ],
)
def test_two_lists_with_one_key_show_that_all_others_are_ended(
    *, place: Rotating, alone: bool, there: bool, listed: bool, state: State
) -> None:
    intent = {"new": place.facts[KEY_PRINT]}
    if alone:
        place.ring.drop(OLD)
    if not there:
        place.holds(current="")
    if not listed:
        place.ring.says[f"GET {PATH}"] = 500
    settled = EndAllOthers(profile=place.profile).settle(place.world, intent)
    assert settled.state is state
    assert (REVOKED_AT in settled.outcome.facts) == (state is State.HAPPENED)
