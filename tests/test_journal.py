"""What a journal says happened, happened; what it could not write did not."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zotops.doors import RealClock
from zotops.journal import CannotRecord, CannotReplay, Journal, audit, read
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.world import Secret

ROOT = Path(__file__).parent.parent
CANARY = "correct horse battery staple"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "run.jsonl"


def begun(path: Path, redactor: Redactor | None = None) -> Journal:
    return Journal.create(path, {"run": "7f3a"}, clock=RealClock(), redactor=redactor or Redactor())


def reopened(path: Path) -> Journal:
    return Journal.open(path, clock=RealClock(), redactor=Redactor())


def with_records(path: Path, *steps: str) -> Journal:
    journal = begun(path)
    for step in steps:
        journal.append("step-started", step, {"why": "a test"})
    return journal


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_a_record_is_one_line_with_exactly_its_six_keys(path: Path) -> None:
    journal = with_records(path, "preflight")
    line = json.loads(lines_of(path)[1])
    assert list(line) == ["n", "at", "event", "step", "data", "prev"]
    assert (line["n"], line["event"], line["step"], line["data"]) == (2, "step-started", "preflight", {"why": "a test"})
    assert datetime.fromisoformat(line["at"]).tzinfo == UTC
    assert journal.head != line["prev"]


def test_each_record_names_the_hash_of_the_line_before(path: Path) -> None:
    import hashlib  # noqa: PLC0415  # computed here by other means than the product's

    journal = with_records(path, "a", "b")
    hashes = [hashlib.sha256(line[:-1]).hexdigest() for line in lines_of(path)]
    assert [record.prev for record in read(path)] == ["", hashes[0], hashes[1]]
    assert journal.head == hashes[2]


def test_replay_sees_what_append_returned(path: Path) -> None:
    journal = begun(path)
    returned = journal.append("fact-found", "a", {"when": datetime(2026, 1, 2, tzinfo=UTC), "ids": ("x", "y"), "n": 3})
    assert read(path)[-1] == returned


def test_folder_and_file_are_the_users_alone(path: Path) -> None:
    begun(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_is_there_is_never_begun_again(path: Path) -> None:
    begun(path)
    with pytest.raises(CannotRecord, match="File exists"):
        begun(path)
    assert len(read(path)) == 1


def test_going_on_continues_number_and_chain(path: Path) -> None:
    with_records(path, "a").close()
    journal = reopened(path)
    assert journal.append("step-done", "a").n == 3
    assert audit(path, journal.head) == []


def test_a_last_line_without_newline_never_happened(path: Path) -> None:
    with_records(path, "a").close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"n":3,"at":"2026-')
    assert [record.n for record in read(path)] == [1, 2]
    reopened(path).close()
    assert path.read_bytes() == whole


def test_a_whole_record_without_its_newline_never_happened_either(path: Path) -> None:
    with_records(path, "a").close()
    path.write_bytes(path.read_bytes()[:-1])
    journal = reopened(path)
    assert journal.append("step-started", "b").n == 2
    assert audit(path) == []


@pytest.mark.parametrize("broken", [b"", b"{}", b"nonsense", b'{"n":"2"}', b"\xff\xfe", b"[1,2]"])
def test_a_broken_line_in_the_middle_is_named_with_its_remedy(path: Path, broken: bytes) -> None:
    with_records(path, "a", "b").close()
    lines = lines_of(path)
    path.write_bytes(lines[0] + broken + b"\n" + lines[2])
    with pytest.raises(CannotReplay) as caught:
        reopened(path)
    assert f"{path}, line 2" in str(caught.value)
    assert "restore the file" in str(caught.value)
    assert audit(path) != []


@pytest.mark.parametrize("content", [b"", b'{"n":1,'])
def test_a_run_that_never_began_is_said_to_be_one(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(CannotReplay, match="never began"):
        reopened(path)


def test_an_absent_file_is_said_to_be_absent(path: Path) -> None:
    with pytest.raises(CannotReplay, match="No such file"):
        read(path)


def test_an_untouched_file_passes_the_audit_with_each_of_its_heads(path: Path) -> None:
    journal = begun(path)
    early = journal.head
    journal.append("step-started", "a")
    assert audit(path) == audit(path, early) == audit(path, journal.head) == []


TAMPERED: dict[str, Any] = {
    "edited": lambda lines: [lines[0], lines[1].replace(b"a test", b"a lie"), *lines[2:]],
    "removed": lambda lines: [lines[0], *lines[2:]],
    "first removed": lambda lines: lines[1:],
    "reordered": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "doubled": lambda lines: [lines[0], lines[1], lines[1], *lines[2:]],
    "white space": lambda lines: [lines[0], lines[1].replace(b":", b": ", 1), *lines[2:]],
}


@pytest.mark.parametrize("how", TAMPERED)
def test_the_audit_finds_a_changed_record_without_any_head(path: Path, how: str) -> None:
    with_records(path, "a", "b", "c")
    path.write_bytes(b"".join(TAMPERED[how](lines_of(path))))
    assert audit(path) != []


def test_the_audit_says_where_records_are_missing(path: Path) -> None:
    with_records(path, "a", "b", "c")
    lines = lines_of(path)
    path.write_bytes(lines[0] + lines[2] + lines[3])
    assert audit(path)[0] == "line 2 is record 3: records were removed, added or reordered"


@pytest.mark.parametrize("how", ["cut tail", "last edited", "rewritten"])
def test_the_audit_finds_a_changed_end_only_against_a_head(path: Path, how: str) -> None:
    head = with_records(path, "a", "b").head
    lines = lines_of(path)
    if how == "cut tail":
        path.write_bytes(b"".join(lines[:-1]))
    elif how == "last edited":
        path.write_bytes(b"".join([*lines[:-1], lines[-1].replace(b"a test", b"a lie")]))
    else:
        path.unlink()
        with_records(path, "a", "b")
    assert audit(path) == []
    assert audit(path, head) != []


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_audit_finds_any_changed_byte_before_the_last_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("state") / "run.jsonl"
    head = with_records(path, "a", "b").head
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    path.write_bytes(content)
    assert audit(path, head) != []


def test_no_secret_reaches_the_file_wherever_it_stands(path: Path) -> None:
    redactor = Redactor()
    redactor.register(Secret(CANARY))
    redactor.register(Secret("73501942"))
    journal = begun(path, redactor)
    nested = {"a": [CANARY, {CANARY: f"<{CANARY}>"}], "b": (CANARY,), "c": 73501942, "d": f'"{CANARY}"\n'}
    record = journal.append("check-made", "a", nested)
    assert CANARY not in path.read_text()
    assert "73501942" not in path.read_text()
    assert record.data["a"][0] == PLACEHOLDER
    assert redactor.sweep([path]) == []


def test_half_a_character_from_outside_can_be_written(path: Path) -> None:
    assert begun(path).append("check-made", "a", {"name": "\udcff\u2028\n"}).data == {"name": "?\u2028\n"}
    assert len(read(path)) == 2


def test_threads_may_append(path: Path) -> None:
    journal = begun(path)
    threads = [Thread(target=lambda: [journal.append("check-made", "a") for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(path)) == 81
    assert audit(path, journal.head) == []


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_said_to_be_full_and_ends_the_journal(path: Path) -> None:
    journal = begun(path)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._descriptor)  # noqa: SLF001  # a disk that fills up under an open file
    os.close(full)
    with pytest.raises(CannotRecord, match="cannot be written: No space left on device: make room"):
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
