from __future__ import annotations

from zotops.doors import RealClock


def test_the_clock_is_aware_and_goes_forward() -> None:
    clock = RealClock()
    began = clock.ticks()
    clock.sleep(0.01)
    clock.sleep(-1)
    assert clock.ticks() > began
    assert clock.now().utcoffset() is not None
