"""Storing the key: in an order in which no key is ever lost, whatever breaks off where."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.systems.outside import KEY, Safe, profile_of, world_of
from zotops.actions.store_key import StoreKey
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Attempt, Facts, State
from zotops.profile import Profile
from zotops.systems.key_places import OTHER_FIELDS, own_field
from zotops.systems.zot_keys import KEY_EXPIRES
from zotops.world import Secret

OLD = KEY.replace("0", "f")
EXPIRES = "2027-02-19T00:00:00+00:00"
FACTS: Facts = {KEY_EXPIRES: EXPIRES}


@dataclass
class Breaking(Safe):
    """A safe that breaks at one of its writes; before it or after it has written."""

    breaks_at: int = 0
    having_written: bool = False
    writes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        self.writes.append((item, tuple(fields)))
        breaks = len(self.writes) == self.breaks_at
        if not breaks or self.having_written:
            super().write(item, fields)
        if breaks:
            raise Uncertain("it broke")


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry="http://127.0.0.1:9")


def safe_of(profile: Profile, *, current: str = OLD, pending: str = KEY) -> Breaking:
    shared = profile.secrets.shared_item
    fields = {profile.current_key.secret: current, profile.pending_key.secret: pending}
    return Breaking(
        {**fields, own_field(profile, "previous"): "", type(own_field(profile, "x"))(shared, "api-token"): "t"}
    )


def keys(profile: Profile, safe: Safe) -> tuple[str, str, str]:
    places = (profile.current_key.secret, profile.pending_key.secret, own_field(profile, "previous"))
    current, pending, previous = (safe.fields[place] for place in places)
    return current, pending, previous


def test_the_three_places_are_written_in_order_one_edit_each(profile: Profile) -> None:
    safe, action = safe_of(profile), StoreKey(profile=profile)
    world = world_of(profile, safe)
    intent = action.intent(world, FACTS, Attempt(run="7f3a", number=1))
    assert action.settle(world, intent).state is State.DID_NOT
    outcome = action.perform(world, intent, FACTS)
    own, shared = profile.secrets.own_item, profile.secrets.shared_item
    assert safe.writes == [
        (own, ("previous",)),
        (shared, (profile.secrets.key_field,)),
        (own, ("pending", "expires", "due")),
    ]
    assert keys(profile, safe) == (KEY, "", OLD)
    assert safe.fields[own_field(profile, "expires")] == EXPIRES
    assert outcome.facts[OTHER_FIELDS].startswith("api-token=")
    settled = action.settle(world, intent)
    assert (settled.state, settled.outcome.facts) == (State.HAPPENED, outcome.facts)
    assert KEY not in repr((intent, outcome))


@pytest.mark.parametrize("having_written", [False, True])
@pytest.mark.parametrize("breaks_at", [1, 2, 3])
def test_broken_off_anywhere_it_can_be_done_again(profile: Profile, breaks_at: int, having_written: bool) -> None:
    safe, action = safe_of(profile), StoreKey(profile=profile)
    safe.breaks_at, safe.having_written = breaks_at, having_written
    world = world_of(profile, safe)
    intent = action.intent(world, FACTS, Attempt(run="7f3a", number=1))
    with pytest.raises(Uncertain):
        action.perform(world, intent, FACTS)
    assert {KEY, OLD} <= set(keys(profile, safe))
    done = breaks_at == 3 and having_written
    assert (action.settle(world, intent).state is State.HAPPENED) is done
    if not done:
        action.perform(world, action.intent(world, FACTS, Attempt(run="7f3a", number=2)), FACTS)
    assert keys(profile, safe) == (KEY, "", OLD)


@pytest.mark.parametrize("current", ["unset", "", f"{OLD}\n"])
def test_what_is_no_key_is_not_kept(profile: Profile, current: str) -> None:
    safe = safe_of(profile, current=current)
    StoreKey(profile=profile).perform(world_of(profile, safe), {"others": "", "expires": ""}, {})
    assert keys(profile, safe) == (KEY, "", "")
    assert own_field(profile, "expires") not in safe.fields


@pytest.mark.parametrize("pending", ["", "-", f"{KEY}\n"])
def test_without_a_pending_key_nothing_is_written(profile: Profile, pending: str) -> None:
    safe = safe_of(profile, pending=pending)
    with pytest.raises(ActionFailed, match="no key is pending"):
        StoreKey(profile=profile).perform(world_of(profile, safe), {"others": "", "expires": ""}, {})
    assert not safe.writes


def test_a_store_that_refuses_is_certain(profile: Profile) -> None:
    safe = Safe(dict(safe_of(profile).fields), refuses=True)
    with pytest.raises(ActionFailed):
        StoreKey(profile=profile).perform(world_of(profile, safe), {"others": "", "expires": ""}, {})
    assert keys(profile, safe) == (OLD, KEY, "")


@pytest.mark.parametrize(
    ("current", "pending", "state", "leftover"),
    [
        (KEY, "", State.HAPPENED, ""),
        (KEY, KEY, State.DID_NOT, ""),
        (OLD, KEY, State.DID_NOT, ""),
        (OLD, "", State.DID_NOT, "the pending field is empty: make a key again"),
        ("", "", State.DID_NOT, "the pending field is empty: make a key again"),
    ],
)
def test_where_the_key_is_tells_what_happened(
    profile: Profile, current: str, pending: str, state: State, leftover: str
) -> None:
    safe = safe_of(profile)
    intent = StoreKey(profile=profile).intent(world_of(profile, safe), FACTS, Attempt(run="7f3a", number=1))
    safe.fields |= {profile.current_key.secret: current, profile.pending_key.secret: pending}
    settled = StoreKey(profile=profile).settle(world_of(profile, safe), intent)
    assert (settled.state, settled.leftover) == (state, leftover)


def test_where_nothing_was_pending_an_empty_field_is_no_proof(profile: Profile) -> None:
    safe = safe_of(profile, current="", pending="")
    intent = StoreKey(profile=profile).intent(world_of(profile, safe), FACTS, Attempt(run="7f3a", number=1))
    assert StoreKey(profile=profile).settle(world_of(profile, safe), intent).state is State.DID_NOT


@pytest.mark.parametrize("expires", [EXPIRES, ""])
def test_the_end_of_the_key_is_kept_and_told(profile: Profile, expires: str) -> None:
    told: list[tuple[str, str]] = []
    safe = safe_of(profile)
    world = replace(world_of(profile, safe), tell=lambda what, result: told.append((what, result)))
    StoreKey(profile=profile).perform(world, {"others": "", "expires": expires}, {})
    assert told[-1][1] == f"pending emptied; expires {expires or 'not known'}"
    assert safe.fields.get(own_field(profile, "expires")) == (expires or None)
