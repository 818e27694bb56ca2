"""What another machine's run has left, seen at a ring of keys in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.key_ring import PATH
from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from zotops.commands.marks import foreign_marks

FILLED = "the field `pending` of 'zotops zot-ci' is filled, and by no run of this machine"
FOREIGN = 'a key "zotops/7f3a/1" of zot-ci was made by no run of this machine'


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        yield found


def marks(place: Rotating) -> list[str]:
    return foreign_marks(place.world, place.profile, [])


def test_a_key_that_another_machine_has_made_is_marked_in_the_vault_and_in_the_list(place: Rotating) -> None:
    assert marks(place) == [FILLED, FOREIGN]


def test_the_two_keys_of_a_vault_are_nobodys_marks(place: Rotating) -> None:
    place.promote()
    assert marks(place) == []


@pytest.mark.parametrize("times", [1, 2, 3])
def test_another_key_that_was_used_last_is_not_taken_for_the_one_in_use(place: Rotating, times: int) -> None:
    place.ring.meddle(NEW, times)
    assert marks(place) == [FILLED, FOREIGN]


@pytest.mark.parametrize("times", [2, 3, 4])
def test_another_key_that_was_used_last_is_not_taken_for_the_previous_one(place: Rotating, times: int) -> None:
    place.promote()
    place.ring.add(THIRD, "zotops/cafe/1")
    place.ring.meddle(THIRD, times, beside=OLD)
    assert marks(place) == ['a key "zotops/cafe/1" of zot-ci was made by no run of this machine']


def test_a_list_that_tells_nothing_takes_no_mark_from_the_vault(place: Rotating) -> None:
    place.ring.says[f"GET {PATH}"] = 500
    assert marks(place) == [FILLED]


def test_a_current_key_that_is_refused_lists_nothing(place: Rotating) -> None:
    place.ring.drop(OLD)
    assert marks(place) == [FILLED]
