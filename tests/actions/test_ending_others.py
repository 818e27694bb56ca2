"""Ending every key but the new one after a leak, at a ring of keys in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.actions.key_ring import PATH, SESSION
from tests.checks.test_questions import PREVIEW, PROVIDERS, claims, provider
from tests.checks.test_sessions import CLEAN
from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from tests.systems.outside import tabled
from zotops.actions import end_others
from zotops.actions.end_others import EndAllOthers
from zotops.errors import ActionFailed, Stop, Unreachable
from zotops.model import Attempt, Fact, Facts, Intent, Outcome, Settled, State
from zotops.profile import Profile
from zotops.systems.rotation import ENDED_IDS, OTHER_IDS, REVOKED_AT
from zotops.systems.zot import Caller
from zotops.systems.zot_keys import KEY_ID
from zotops.world import Secret, World


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        found.promote()
        yield found


def intent_of(place: Rotating, **more: str) -> Intent:
    facts: Facts = {**place.facts, KEY_ID: place.id_of(NEW), **{Fact(name): ids for name, ids in more.items()}}
    return EndAllOthers(profile=place.profile).intent(place.world, facts, Attempt(run="7f3a", number=1))


def end_all(place: Rotating, intent: Intent | None = None) -> Outcome:
    return EndAllOthers(profile=place.profile).perform(place.world, intent or intent_of(place), {})


def settle(place: Rotating, intent: Intent) -> Settled:
    return EndAllOthers(profile=place.profile).settle(place.world, intent)


@contextmanager
def a_provider(place: Rotating, *groups: str) -> Iterator[None]:
    """One that would let the CI user sign in with these groups."""
    with tabled({**CLEAN, PROVIDERS: provider(), PREVIEW: claims(list(groups))}) as server:
        there = msgspec.structs.replace(place.profile.identity_provider, url=server.url)
        place.profile = msgspec.structs.replace(place.profile, identity_provider=there)
        place.safe.fields[place.profile.provider_token] = "token"
        yield


@pytest.fixture
def signs_in(place: Rotating, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A sign-in ends with a session at the registry, and leaves another one at the provider."""

    @contextmanager
    def signed_in(world: World, profile: Profile, left: list[str]) -> Iterator[Caller]:
        del world, profile
        yield Caller(name="zot-ci", headers={"Cookie": Secret(SESSION)})
        left.append("a session may be left")

    monkeypatch.setattr(end_others, "signed_in", signed_in)
    with a_provider(place, "artifact-workloads"):
        yield


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
    intent, once = intent_of(place), iter([True])

    def makes_another(_: str) -> None:
        """As whoever has the leaked key."""
        if len(place.ring.keys) == 1 and next(once, False):
            place.ring.add(THIRD, "made meanwhile")

    place.ring.after_use = makes_another
    outcome = end_all(place, intent)
    assert len(outcome.left) == 2
    assert outcome.facts[ENDED_IDS] == "id-0000,id-0002"
    assert place.ring.labels == ["zotops/7f3a/1"]


def test_others_that_appear_faster_than_they_are_ended_are_given_up_and_known(place: Rotating) -> None:
    intent = intent_of(place)
    place.ring.add(THIRD, "made meanwhile")
    place.ring.keeps = True
    with pytest.raises(ActionFailed, match="after 20 rounds there are still others") as caught:
        end_all(place, intent)
    assert caught.value.found == {OTHER_IDS.name: "id-0000,id-0002"}


@pytest.mark.parametrize(("method", "status", "kind"), [("DELETE", 500, ActionFailed), ("GET", 503, Unreachable)])
def test_a_try_that_breaks_off_leaves_the_ids_that_it_has_seen(
    place: Rotating, method: str, status: int, kind: type[Stop]
) -> None:
    intent = intent_of(place)
    place.ring.says[f"{method} {PATH}"] = status
    with pytest.raises(kind) as caught:
        end_all(place, intent)
    assert caught.value.found == {OTHER_IDS.name: "id-0000"}


def test_the_intent_names_every_other_key_that_was_ever_seen(place: Rotating) -> None:
    intent = intent_of(place, **{OTHER_IDS.name: "id-9,id-0000", ENDED_IDS.name: "id-8"})
    assert intent == {"new": place.print_of(NEW), "id": "id-0001", "others": "id-9,id-0000,id-8"}
    place.ring.says[f"GET {PATH}"] = 500
    assert intent_of(place)["others"] == ""
    place.holds(current="")
    assert intent_of(place)["others"] == ""


def test_a_thief_who_is_always_at_work_keeps_no_key_alive(place: Rotating) -> None:
    intent = intent_of(place)
    place.ring.after_use = lambda used: place.ring.use(OLD) if used == NEW and OLD in place.ring.keys else None
    end_all(place, intent)
    assert place.ring.labels == ["zotops/7f3a/1"]


def test_a_key_that_is_not_the_one_whose_id_was_typed_ends_nothing(place: Rotating) -> None:
    with pytest.raises(ActionFailed, match=r"nothing was ended: the new key is \.\.0001, and \.\.9999 was to stay"):
        end_all(place, {**intent_of(place), "id": "id-9999"})
    assert len(place.ring.labels) == 2


def test_a_new_key_that_was_ended_by_the_thief_is_answered_by_a_sign_in_that_looks_before_it_leaps(
    place: Rotating,
) -> None:
    intent = intent_of(place)
    place.ring.drop(NEW)
    with a_provider(place), pytest.raises(ActionFailed, match="zot-ci would sign in with no group"):
        end_all(place, intent)
    assert len(place.ring.labels) == 1


@pytest.mark.usefixtures("signs_in")
@pytest.mark.parametrize("expired", [True, False])
def test_where_the_new_key_has_ended_a_sign_in_ends_all_others_and_their_ids_stay_known(
    *, place: Rotating, expired: bool
) -> None:
    intent = intent_of(place)
    place.ring.keys[NEW]["isExpired"] = True
    if not expired:
        place.ring.drop(NEW)
    place.ring.add(THIRD, "the thief's")
    said = "the new key was ended by somebody else, so all . others are ended; a session may be left"
    with pytest.raises(ActionFailed, match=said) as caught:
        end_all(place, intent)
    assert place.ring.labels == []
    assert {"id-0000", "id-0002"} <= set(caught.value.found[OTHER_IDS.name].split(","))


@pytest.mark.usefixtures("signs_in")
def test_a_new_key_that_is_refused_and_listed_ends_nothing(place: Rotating) -> None:
    intent = intent_of(place)
    place.ring.says["GET /v2/"] = 401
    said = r"nothing was ended: \.\.0001 is refused and listed, so credentials do not arrive; a session may be left"
    with pytest.raises(ActionFailed, match=said):
        end_all(place, intent)
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
    intent = intent_of(place)
    if alone:
        place.ring.drop(OLD)
    if not there:
        place.holds(current="")
    if not listed:
        place.ring.says[f"GET {PATH}"] = 500
    settled = settle(place, intent)
    assert settled.state is state
    assert (REVOKED_AT in settled.outcome.facts) == (state is State.HAPPENED)
    assert settled.outcome.facts[ENDED_IDS if state is State.HAPPENED else OTHER_IDS] == "id-0000"
