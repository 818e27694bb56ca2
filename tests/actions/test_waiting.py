"""Patience that ends, and says what it waits for."""

from dataclasses import replace
from pathlib import Path

from tests.platform.stand_ins import flying, with_programs
from zotops.actions.waiting import wait_until
from zotops.world import World


def told_by(folder: Path, told: list[tuple[str, str]]) -> World:
    _, world = with_programs(folder)
    return replace(flying(world), tell=lambda what, result: told.append((what, result)))


def test_it_ends_when_nothing_is_missing_and_tells_each_answer_once(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    answers = iter(["a", "a", "b", ""])
    assert wait_until(told_by(tmp_path, told), "thing", lambda: next(answers), within=60) == ""
    assert told == [("thing", "a"), ("thing", "b")]


def test_it_ends_when_time_is_up(tmp_path: Path) -> None:
    asked: list[int] = []

    def missing() -> str:
        asked.append(1)
        return "still"

    world = told_by(tmp_path, [])
    before = world.clock.ticks()
    assert wait_until(world, "thing", missing, within=60, every=5) == "still"
    assert 60 <= world.clock.ticks() - before < 70
    assert 10 < len(asked) < 30
