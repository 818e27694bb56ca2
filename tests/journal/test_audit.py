"""An audit finds what was changed, and says what only a head kept elsewhere shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journal.begun import begun, lines_of, with_records
from zotops.journal import audit


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
        with_records(path, "a", "c")
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
