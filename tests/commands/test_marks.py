"""What another machine's run has left, seen at a ring of keys in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.actions.key_ring import PATH
from tests.platform.rotating import NEW, OLD, THIRD, Rotating, rotating
from zotops.commands.marks import foreign_marks
from zotops.journal import Record
from zotops.progress import progress
from zotops.runs import Run
from zotops.systems.key_places import KEY_PRINT

FILLED = "the field `pending` of 'zotops zot-ci' is filled, and by no run of this machine"
FOREIGN = 'a key "zotops/7f3a/1" of zot-ci was made by no run of this machine'


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Rotating]:
    with rotating(tmp_path) as found:
        yield found


def marks(place: Rotating, *ours: Run) -> list[str]:
    return foreign_marks(place.world, place.profile, ours)


def run_of_ours(folder: Path, *events: tuple[str, str, dict[str, Any]]) -> Run:
    """A run with these records: event, hour, and what it says."""
    records = [
        Record(n=n, at=f"2027-01-15T{hour}:00:00.000+00:00", event=event, step="create", data=data, prev="")
        for n, (event, hour, data) in enumerate(events, 1)
    ]
    return Run(path=folder / "aaaa.jsonl", records=records, now=progress(records))


def test_a_run_of_ours_that_was_cut_off_may_have_filled_the_field(place: Rotating, tmp_path: Path) -> None:
    cut_off = run_of_ours(tmp_path, ("action-intended", "08", {"attempt": 1, "intent": {}}))
    assert marks(place, cut_off) == [FOREIGN]
    for hour, said in (("07", [FOREIGN]), ("09", [FILLED, FOREIGN])):
        stored = run_of_ours(tmp_path, ("fact-found", hour, {"name": KEY_PRINT, "value": "of another key"}))
        assert marks(place, cut_off, stored) == said, "a key that was stored since was stored over that one"


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
