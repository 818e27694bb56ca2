"""The way back of a key: no key is lost on it, and it may be gone again."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.test_store_key import OLD, keys, safe_of
from tests.systems.outside import KEY, Safe, profile_of, world_of
from zotops.actions.moving_keys import bring_back_previous
from zotops.errors import ActionFailed, Uncertain
from zotops.profile import Profile
from zotops.systems.key_places import own_field


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry="http://127.0.0.1:9")


def back(profile: Profile, safe: Safe) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    world = replace(world_of(profile, safe), tell=lambda what, result: told.append((what, result)))
    bring_back_previous(world, profile)
    return told


def test_the_old_key_is_the_current_one_again_and_the_new_one_pending(profile: Profile) -> None:
    safe = safe_of(profile, current=KEY, pending="")
    safe.fields[own_field(profile, "previous")] = OLD
    assert [result for _, result in back(profile, safe)] == ["zot-ci-api is the old key again; the new one is pending"]
    assert keys(profile, safe) == (OLD, KEY, "")


@pytest.mark.parametrize("having_written", [False, True])
@pytest.mark.parametrize("breaks_at", [1, 2, 3])
def test_broken_off_anywhere_it_can_be_gone_again(profile: Profile, breaks_at: int, having_written: bool) -> None:
    safe = safe_of(profile, current=KEY, pending="")
    safe.fields[own_field(profile, "previous")] = OLD
    safe.breaks_at, safe.having_written = breaks_at, having_written
    with pytest.raises(Uncertain):
        back(profile, safe)
    assert {KEY, OLD} <= set(keys(profile, safe))
    if keys(profile, safe) != (OLD, KEY, ""):
        back(profile, safe)
    assert keys(profile, safe) == (OLD, KEY, "")


@pytest.mark.parametrize("previous", ["", "unset", f"{OLD}\n"])
def test_where_no_earlier_key_is_kept_nothing_is_written(profile: Profile, previous: str) -> None:
    safe = safe_of(profile, current=KEY, pending="")
    safe.fields[own_field(profile, "previous")] = previous
    with pytest.raises(ActionFailed, match="no earlier key is kept"):
        back(profile, safe)
    assert not safe.writes
