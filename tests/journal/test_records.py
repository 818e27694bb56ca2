"""What a journal says happened, happened: a record is one line, whole or not there."""

from __future__ import annotations

import hashlib
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from tests.journal.begun import begun, lines_of, reopened, with_records
from zotops.journal import CannotRecord, CannotReplay, audit, read
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.world import Secret

CANARY = "correct horse battery staple"


def test_a_record_is_one_line_with_exactly_its_six_keys(path: Path) -> None:
    journal = with_records(path, "preflight")
    line = json.loads(lines_of(path)[1])
    assert list(line) == ["n", "at", "event", "step", "data", "prev"]
    assert (line["n"], line["event"], line["step"], line["data"]) == (2, "step-started", "preflight", {"why": "a test"})
    assert datetime.fromisoformat(line["at"]).tzinfo == UTC
    assert journal.head != line["prev"]


def test_each_record_names_the_hash_of_the_line_before(path: Path) -> None:
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
