"""A file that was asked for where none can be written is told with the remedy, whatever writes it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lamps import House, lamp_runbook, lamp_step
from tests.watched.scene import scene_in
from zotops import reports, verify_outputs
from zotops.errors import ConfigurationIsWrong, NeedsAPerson
from zotops.journal import read
from zotops.operator import Decision
from zotops.watched_key import outputs

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def of_a_run(path: Path) -> None:
    house = House(path.parents[1])
    book = lamp_runbook(lamp_step(house.lamps, "hall"))
    with pytest.raises(NeedsAPerson):
        house.call(book, Decision.STOP)
    reports.write_junit(reports.Reported(runbook=book, records=read(house.path), head="feed" * 16), path)


def of_a_key(path: Path) -> None:
    outputs.write_prometheus(scene_in(path.parents[1]).look(), path, at=NOW)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: verify_outputs.write_junit([], path),
        lambda path: verify_outputs.write_prometheus([], path, at=NOW),
        of_a_key,
        of_a_run,
    ],
    ids=["verify as JUnit", "verify as metrics", "the key as metrics", "a run as JUnit"],
)
def test_where_there_is_no_folder_it_is_told(tmp_path: Path, write: Callable[[Path], None]) -> None:
    with pytest.raises(ConfigurationIsWrong) as told:
        write(tmp_path / "nowhere" / "file")
    assert told.value.what == f"{tmp_path / 'nowhere' / 'file'} cannot be written: No such file or directory"
    assert told.value.remedy == "make that folder, and let this user write to it"


def test_a_folder_in_its_place_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationIsWrong, match="cannot be written: Is a directory"):
        verify_outputs.write_junit([], tmp_path)
