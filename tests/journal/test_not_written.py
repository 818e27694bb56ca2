"""What a journal could not write did not happen."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.full_disk import no_file_larger_than
from tests.journal.begun import begun, reopened, with_records
from zotops.journal import CannotRecord, audit, read

ROOT = Path(__file__).parents[2]


def test_what_does_not_fit_on_the_disk_never_happened_and_the_next_record_fits_again(path: Path) -> None:
    journal = with_records(path, "a")
    whole = path.read_bytes()
    with no_file_larger_than(len(whole) + 20), pytest.raises(CannotRecord) as caught:
        journal.append("action-intended", "a")
    assert str(path) in str(caught.value)
    assert "make room on its disk" in str(caught.value)
    assert path.read_bytes() == whole
    journal.append("action-intended", "a")
    assert audit(path, journal.head) == []


def test_a_run_whose_header_does_not_fit_leaves_no_file(path: Path) -> None:
    path.parent.mkdir()
    with no_file_larger_than(10), pytest.raises(CannotRecord):
        begun(path)
    assert not path.exists()


def test_a_torn_record_that_cannot_even_be_cut_off_ends_the_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begun(path)

    def broken(_descriptor: int, _length: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "ftruncate", broken)
    with (
        no_file_larger_than(path.stat().st_size + 20),
        pytest.raises(CannotRecord, match="cannot be written: File too large: make room"),
    ):
        journal.append("step-started", "a")
    with pytest.raises(CannotRecord, match="is closed"):
        journal.append("step-started", "a")
    assert len(journal.records()) == len(read(path)) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRecord, match=r"file/run\.jsonl cannot be written"):
        begun(tmp_path / "file" / "run.jsonl")


KILLED = """
import sys
from pathlib import Path
from zotops.doors import RealClock
from zotops.journal import Journal
from zotops.redaction import Redactor
journal = Journal.create(Path(sys.argv[1]), {"run": "7f3a"}, clock=RealClock(), redactor=Redactor())
while True:
    print(journal.append("check-made", "a", {"filler": "x" * 5000}).n, flush=True)
"""


def test_what_append_returned_is_there_after_the_process_was_killed(path: Path) -> None:
    words = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout
        reported = [int(child.stdout.readline()) for _ in range(5)]
        os.kill(child.pid, signal.SIGKILL)
        reported += map(int, child.stdout.read().split("\n")[:-1])
    journal = reopened(path)
    assert journal.append("run-resumed").n > max(reported)
    assert audit(path, journal.head) == []
    assert read(path)[0].event == "run-started"


def test_a_record_that_is_written_when_ctrl_c_comes_is_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = begun(path)
    with monkeypatch.context() as once:
        once.setattr("zotops.journal._sync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            journal.append("step-started", "a")
    journal.append("run-stopped")
    assert [record.event for record in read(path)][1:] == ["step-started", "run-stopped"]
    assert audit(path, journal.head) == []


def test_a_record_that_is_half_written_when_ctrl_c_comes_is_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = begun(path)
    write = os.write
    with monkeypatch.context() as once:
        once.setattr(os, "write", lambda descriptor, text: write(descriptor, text[:5]) and interrupted(descriptor))
        with pytest.raises(KeyboardInterrupt):
            journal.append("step-started", "a")
    journal.append("run-stopped")
    assert [record.event for record in read(path)][1:] == ["run-stopped"]
    assert audit(path, journal.head) == []


def interrupted(_descriptor: int) -> int:
    raise KeyboardInterrupt
