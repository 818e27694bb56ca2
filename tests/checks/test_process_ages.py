"""Whether the registry has read its configuration, second by second, on a machine of a few lines."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.platform.machine import NOW, Machine, machine
from zotops.checks.process import PROCESS_SEEN, ProcessIsYounger
from zotops.looking import made
from zotops.model import Evidence, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
ANSWERS = "HTTP/1.1 401 Unauthorized\r\n\r\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path, {}) as found:
        (tmp_path / "curl").write_text(ANSWERS)
        yield found


def seen(place: Machine, before: str | None = None) -> Evidence:
    facts = {} if before is None else {PROCESS_SEEN: before}
    return made(ProcessIsYounger(profile=place.profile), place.world, facts)


@pytest.mark.parametrize(
    ("written", "before", "verdict", "observed"),
    [
        (100, None, PASSED, "process 7 began 60 s after the writing"),
        (42, None, PASSED, "process 7 began 2 s after the writing"),
        (41, None, PASSED, "process 7 began within a second of the writing"),
        (40, None, PASSED, "process 7 began within a second of the writing"),
        (39, None, PASSED, "process 7 began within a second of the writing"),
        (38, None, FAILED, "process 7 began 2 s before the writing"),
        (10, None, FAILED, "process 7 began 30 s before the writing"),
        (40, f"7 {NOW - 500}", FAILED, "process 7 began within a second of the writing"),
        (40, f"6 {NOW - 500}", PASSED, "process 7 began within a second of the writing"),
        (40, f"7 {NOW - 40}", PASSED, "process 7 began within a second of the writing"),
        (40, "seven 1", PASSED, "process 7 began within a second of the writing"),
    ],
)
def test_ages_decide_and_close_together_the_process_seen_before(
    *, place: Machine, written: int, before: str | None, verdict: Verdict, observed: str
) -> None:
    place.wrote(written)  # seconds ago; the process began 40 s ago
    evidence = seen(place, before)
    assert (evidence.verdict, evidence.observed) == (verdict, observed)
    assert evidence.facts == ({PROCESS_SEEN: f"7 {NOW - written}"} if verdict is PASSED else {})


def test_a_service_that_does_not_run_is_red(place: Machine) -> None:
    place.processes(None)
    evidence = seen(place)
    assert (evidence.verdict, evidence.observed) == (FAILED, "it does not run")
    assert "--undo deploy-zot" in evidence.remedy


def test_one_that_does_not_answer_is_red(place: Machine) -> None:
    (place.folder / "curl").unlink()
    evidence = seen(place)
    assert (evidence.verdict, evidence.observed.startswith("it runs, but does not answer: ")) == (FAILED, True)


def test_without_the_file_nothing_can_be_told(place: Machine) -> None:
    place.config.unlink()
    evidence = seen(place)
    assert (evidence.verdict, evidence.observed) == (UNKNOWN, f"there is no {place.config}")


@pytest.mark.parametrize(("system", "option"), [("darwin", "stat -f %m"), ("linux", "stat -c %Y")])
def test_a_person_is_told_the_words_of_the_servers_system(place: Machine, system: str, option: str) -> None:
    server = msgspec.structs.replace(place.profile.server, os=system)
    look = ProcessIsYounger(profile=msgspec.structs.replace(place.profile, server=server)).look
    assert f"{option} {place.config}" in look.command
