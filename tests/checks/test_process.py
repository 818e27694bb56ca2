"""Whether the registry has read its configuration: ages in whole seconds, and processes that come and go."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.platform.places import look, mended, quirk
from tests.platform.stand_ins import with_programs
from tests.systems.outside import Place, practice
from zotops.checks.process import PROCESS_SEEN, ProcessIsYounger
from zotops.model import Verdict
from zotops.systems.server import RegistryHost

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("process") / "world", "open") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    with mended(started):
        yield started


def touch(place: Place, seconds: float) -> None:
    """Write the configuration anew, and make it that much older or younger than now."""
    config = Path(place.profile.server.config)
    config.write_text(config.read_text())
    os.utime(config, (time.time() + seconds, time.time() + seconds))


def test_a_process_that_began_after_the_writing_is_well(place: Place) -> None:
    touch(place, -100)
    evidence = look(place, ProcessIsYounger(profile=place.profile))
    assert evidence.verdict is PASSED
    assert "after the writing" in evidence.observed


def test_a_restart_that_was_lost_is_found(place: Place) -> None:
    touch(place, +100)
    evidence = look(place, ProcessIsYounger(profile=place.profile))
    assert (evidence.verdict, "before the writing" in evidence.observed) == (FAILED, True)
    assert "restart it" in evidence.remedy


def test_a_restart_lost_within_a_second_is_found_by_the_process_seen_before(place: Place) -> None:
    check = ProcessIsYounger(profile=place.profile)
    touch(place, -100)
    RegistryHost(world=place.world, profile=place.profile).restart()
    began = time.time()
    time.sleep(0.3)
    before = look(place, check).facts
    os.utime(place.profile.server.config, (began, began))
    assert look(place, check).verdict is PASSED
    evidence = look(place, check, before)
    assert (evidence.verdict, "within a second" in evidence.observed) == (FAILED, True)
    assert not evidence.facts
    assert look(place, check, before).verdict is FAILED


def test_a_restart_within_the_same_second_is_not_lost(place: Place) -> None:
    check = ProcessIsYounger(profile=place.profile)
    touch(place, -100)
    before = look(place, check).facts
    touch(place, 0)
    RegistryHost(world=place.world, profile=place.profile).restart()
    time.sleep(0.3)
    evidence = look(place, check, before)
    assert evidence.verdict is PASSED, evidence
    assert evidence.facts[PROCESS_SEEN] != before[PROCESS_SEEN]


def test_a_registry_that_dies_at_its_start_is_red(place: Place) -> None:
    quirk(place, "registry", die_on_start=True)
    host = RegistryHost(world=place.world, profile=place.profile)
    try:
        host.restart()
        time.sleep(0.3)
        evidence = look(place, ProcessIsYounger(profile=place.profile))
    finally:
        with place.state.edit("quirks") as document:
            document.clear()
        host.restart()
        until = time.monotonic() + 10
        while look(place, ProcessIsYounger(profile=place.profile)).verdict is not PASSED:
            assert time.monotonic() < until
    assert (evidence.verdict, evidence.observed.startswith("it ")) == (FAILED, True), evidence


def test_a_process_that_listens_nowhere_is_red(place: Place) -> None:
    server = msgspec.structs.replace(place.profile.server, local_url="http://127.0.0.1:9")
    evidence = look(place, ProcessIsYounger(profile=msgspec.structs.replace(place.profile, server=server)))
    assert (evidence.verdict, "it runs, but does not answer" in evidence.observed) == (FAILED, True)


def test_a_host_that_is_off_is_unknown(place: Place) -> None:
    quirk(place, "ssh", unreachable=True)
    assert look(place, ProcessIsYounger(profile=place.profile)).verdict is UNKNOWN


def test_a_file_that_is_not_there_is_unknown(place: Place) -> None:
    server = msgspec.structs.replace(place.profile.server, config="/nowhere/config.json")
    evidence = look(place, ProcessIsYounger(profile=msgspec.structs.replace(place.profile, server=server)))
    assert (evidence.verdict, evidence.observed) == (UNKNOWN, "there is no /nowhere/config.json")


@pytest.mark.parametrize(("system", "option"), [("darwin", "stat -f %m"), ("linux", "stat -c %Y")])
def test_each_system_is_asked_in_its_own_words(tmp_path: Path, system: str, option: str) -> None:
    profile, world = with_programs(tmp_path, ssh=f'echo "$6" >> {tmp_path}/asked; echo 7')
    server = msgspec.structs.replace(profile.server, os=system)
    profile = msgspec.structs.replace(profile, server=server)
    assert RegistryHost(world=world, profile=profile).modified("/a b") == 7
    assert (tmp_path / "asked").read_text() == f"{option} '/a b'\n"
    assert option.partition(" ")[2] in ProcessIsYounger(profile=profile).look.command
