"""The registry after a restart: back, dying again and again, gone, silent; and a restart that nobody made."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.machine import Machine, machine
from zotops.actions.restarting import make_up_for_lost_restart, wait_for_registry

PING = "GET /v2/"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path, {PING: 401}) as found:
        yield found


@pytest.mark.parametrize("status", [200, 401])
def test_a_registry_that_answers_is_back(place: Machine, status: int) -> None:
    place.server.table[PING] = status
    assert wait_for_registry(place.world, place.profile) == ""
    assert place.told == [("registry", "answers")]


@pytest.mark.parametrize(("status", "why"), [(404, "GET /v2/ answers 404"), (503, "answered 503")])
def test_one_that_answers_otherwise_for_too_long_is_not(place: Machine, status: int, why: str) -> None:
    place.server.table[PING] = status
    assert why in wait_for_registry(place.world, place.profile)
    assert place.told[-1][0] == "registry"
    assert "does not come back" in place.told[-1][1]


def test_a_process_that_came_after_a_gap_is_waited_for(place: Machine) -> None:
    place.processes(None, None, None, 8)
    assert wait_for_registry(place.world, place.profile) == ""
    assert place.told == [("registry", "it does not run"), ("registry", "answers")]


def test_one_that_is_gone_for_good_is_not_waited_for_to_the_end(place: Machine) -> None:
    place.processes(7, None)
    place.server.table[PING] = 404
    before = place.world.clock.ticks()
    assert wait_for_registry(place.world, place.profile) == "it does not run"
    assert 15 <= place.world.clock.ticks() - before < 25


def test_one_that_was_gone_for_a_moment_is_waited_for_again_from_there(place: Machine) -> None:
    place.processes(*[None] * 8, 8, *[None] * 8, 9)
    place.server.table[PING] = 404
    assert "answers 404" in wait_for_registry(place.world, place.profile)


def test_one_that_dies_at_each_start_is_given_up_early(place: Machine) -> None:
    place.processes(7, None, 8, None, 9, None, 10, None)
    place.server.table[PING] = 404
    before = place.world.clock.ticks()
    assert wait_for_registry(place.world, place.profile) == "it dies at each start, 4 times so far"
    assert place.world.clock.ticks() - before < 40


@pytest.mark.parametrize(
    ("written", "pid_before", "restarts"),
    [
        (100, 7, 0),  # seconds ago; the process began 40 s ago
        (10, 7, 1),
        (10, None, 1),
        (40, 7, 1),  # too close to tell: the process from before missed it
        (40, 6, 0),
    ],
)
def test_a_process_older_than_its_configuration_is_restarted(
    place: Machine, written: int, pid_before: int | None, restarts: int
) -> None:
    place.wrote(written)
    make_up_for_lost_restart(place.world, place.profile, pid_before=pid_before)
    assert place.restarts == restarts
    wanted = [("restart", "was lost with an earlier play; making up for it"), ("registry", "answers")]
    assert place.told == wanted[: 2 * restarts]


def test_without_process_or_configuration_there_is_nothing_to_make_up_for(place: Machine) -> None:
    place.wrote(10)
    place.processes(None)
    make_up_for_lost_restart(place.world, place.profile, pid_before=7)
    place.processes(7)
    place.config.unlink()
    make_up_for_lost_restart(place.world, place.profile, pid_before=7)
    assert place.restarts == 0
