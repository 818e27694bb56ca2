"""Waiting for something that takes its time, and saying so."""

from __future__ import annotations

from collections.abc import Callable

from zotops.world import World

FIRST, GROWTH = 0.2, 1.5


def wait_until(world: World, what: str, missing: Callable[[], str], *, within: float, every: float = 2.0) -> str:
    """Ask again and again what is missing, until nothing is or `within` seconds are over; returns the last answer.

    An empty answer: nothing is missing. Each new answer is told. What is asked may raise; that ends the waiting.
    Asked often at first, later every `every` seconds.
    """
    until, pause, told = world.clock.ticks() + within, FIRST, ""
    while True:
        answer = missing()
        if not answer or world.clock.ticks() >= until:
            return answer
        if answer != told:
            world.tell(what, answer)
            told = answer
        world.clock.sleep(pause)
        pause = min(every, pause * GROWTH)
