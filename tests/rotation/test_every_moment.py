"""Killed after any record, or between any effect and its answer, a rotation goes on to a good end."""

import signal
from pathlib import Path

import pytest

from tests.rotation.place import LONGEST, is_well, place_in

# More than a rotation has; those beyond its end are not there. `test_the_points_are_all_there` holds them to the truth.
RECORDS, EFFECTS = 120, 11
POINTS = [*(f"record:{n}" for n in range(1, RECORDS + 1)), *(f"effect:{n}" for n in range(1, EFFECTS + 1))]


@pytest.mark.timeout(2 * LONGEST)
@pytest.mark.costly("killed")
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_rotation_goes_on_to_a_good_end(point: str, tmp_path: Path) -> None:
    with place_in(tmp_path / "here") as place:
        first = place.walk(point)
        assert place.report()["broken"] == []
        if first.returncode == 0:
            kind, _, number = point.partition(":")
            assert place.report()[kind] < int(number), "it went past that point"
            pytest.skip("a rotation has no such point")
        assert first.returncode == -signal.SIGKILL, first.stdout[-2000:] + first.stderr
        # Killed after its last record it is at its end: one more call would begin the next rotation.
        if not place.records("run-finished"):
            again = place.walk("never")
            assert again.returncode == 0, again.stdout[-3000:] + again.stderr
        assert place.report()["broken"] == []
        assert is_well(place) == []


@pytest.mark.timeout(LONGEST)
@pytest.mark.costly("killed")
def test_the_points_are_all_there(tmp_path: Path) -> None:
    with place_in(tmp_path / "here") as place:
        done = place.walk("never")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        report = place.report()
        assert report["broken"] == []
        assert is_well(place) == []
        assert RECORDS - 8 < report["record"] <= RECORDS
        assert EFFECTS - 3 < report["effect"] <= EFFECTS
