"""After a leak, what only a person's hands do: they end by the id that stands above the instructions."""

import pytest

from tests.rotation.place import LONGEST, Place, is_well

DONE = 0

pytestmark = [pytest.mark.timeout(2 * LONGEST), pytest.mark.costly(share=0.15)]


def test_every_key_but_the_new_one_is_ended_by_hand_and_the_days_are_noted(place: Place) -> None:
    assert place.here(name="rotate-leaked-key", by_hand=["end-others", "promote", "arm"]) == DONE, place.said
    assert is_well(place) == []
    assert not place.stores.works(place.old)
