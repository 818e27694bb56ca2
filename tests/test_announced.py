"""Whoever may have to give a finger is told so beforehand, and not at each call."""

import pytest

from tests.counting_store import ELSEWHERE, OTHER, REF, Counting, Hand
from zotops.announced import ASKS_AGAIN, Announced
from zotops.errors import Uncertain, Unreachable
from zotops.world import Secret


class Scene:
    def __init__(self) -> None:
        self.clock, self.store, self.said = Hand(), Counting(), list[int]()
        # How many reads there had been when it was said.
        self.announced = Announced(
            store=self.store, clock=self.clock, announce=lambda: self.said.append(len(self.store.reads))
        )


def test_it_is_said_before_the_first_call_only() -> None:
    scene = Scene()
    assert [scene.announced.read(ref).reveal() for ref in (REF, OTHER, ELSEWHERE)] == ["1", "2", "3"]
    assert scene.announced.fingerprints("item") == {"item": "3"}
    scene.announced.write("item", {"key": None})
    assert scene.said == [0]


def test_a_value_in_hand_needs_no_finger() -> None:
    scene = Scene()
    assert scene.announced.fingerprint(Secret("x")) == "x"
    assert scene.said == []


@pytest.mark.parametrize(("rest", "times"), [(ASKS_AGAIN, 1), (ASKS_AGAIN + 1, 2)])
def test_after_a_long_rest_it_is_said_again(rest: float, times: int) -> None:
    scene = Scene()
    scene.announced.read(REF)
    scene.clock.sleep(rest)
    scene.announced.read(REF)
    assert scene.said == list(range(times))


def test_each_call_puts_the_end_of_the_rest_off() -> None:
    scene = Scene()
    for _ in range(3):
        scene.announced.read(REF)
        scene.clock.sleep(ASKS_AGAIN * 0.9)
    assert scene.said == [0]


def test_after_a_refusal_it_is_said_again() -> None:
    scene = Scene()
    scene.store.locked = True
    with pytest.raises(Unreachable):
        scene.announced.read(REF)
    with pytest.raises(Uncertain):
        scene.announced.write("item", {"key": None})
    assert scene.said == [0, 1]
