"""Journals begun, written and opened again."""

from __future__ import annotations

from pathlib import Path

from zotops.doors import RealClock
from zotops.journal import Journal
from zotops.redaction import Redactor


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
