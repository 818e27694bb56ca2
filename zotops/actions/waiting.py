"""Waiting for something that takes its time, and saying so."""

from __future__ import annotations

from collections.abc import Callable

from zotops.model import World


def wait_until(world: World, what: str, missing: Callable[[], str], *, within: float, every: float = 0.5) -> str:
    """Ask again and again what is missing, until nothing is or `within` seconds are over; returns the last answer.

    An empty answer: nothing is missing. Each new answer is told. What is asked may raise; that ends the waiting.
    """
    until = world.clock.ticks() + within
    told = ""
    while True:
        answer = missing()
        if not answer or world.clock.ticks() >= until:
            return answer
        if answer != told:
            world.tell(what, answer)
            told = answer
        world.clock.sleep(every)
