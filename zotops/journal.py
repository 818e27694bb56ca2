"""The record of a run: one JSON object a line, each written to the disk before the next thing happens."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Self

import msgspec

from zotops.errors import Stop
from zotops.redaction import Redactor
from zotops.world import Clock

FIRST = "run-started"
_FULLFSYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


class CannotRecord(Stop):
    """The journal cannot be written, so nothing may happen any more."""


class CannotReplay(Stop):
    """A journal cannot be understood."""

    exit_code = 78


@dataclass(frozen=True, kw_only=True)
class Record:
    """One event. `n` counts from 1, `at` is ISO 8601 in UTC, `step` is empty for the run itself.

    `prev` is the SHA-256 of the line before without its newline, empty in the first.
    """

    n: int
    at: str
    event: str
    step: str
    data: dict[str, Any]
    prev: str


class Journal:
    """A run's file, open for appending; all that is appended passes the redactor. `create` or `open` make one."""

    def __init__(self, path: Path, *, clock: Clock, redactor: Redactor) -> None:
        """Read the file, and cut off a last line without newline: it never happened."""
        self.path = path
        self._clock = clock
        self._redactor = redactor
        self._lock = Lock()
        lines = _lines(path)
        self._records = _records(path, lines)
        self._head = _hash(lines[-1]) if lines else ""
        self._size = sum(len(line) + 1 for line in lines)
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            if os.fstat(self._descriptor).st_size != self._size:
                os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            raise _cannot_record(path, error) from error

    @classmethod
    def create(cls, path: Path, header: Mapping[str, Any], *, clock: Clock, redactor: Redactor) -> Self:
        """Begin a new file with the header as its first record (event `run-started`); folder 0700, file 0600."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _cannot_record(path, error) from error
        journal = cls(path, clock=clock, redactor=redactor)
        try:
            journal.append(FIRST, "", header)
        except Stop:
            journal.close()
            path.unlink()
            raise
        _sync_folder(path.parent)
        return journal

    @classmethod
    def open(cls, path: Path, *, clock: Clock, redactor: Redactor) -> Self:
        """Go on with a file. CannotReplay names file, line and remedy."""
        read(path)  # refuses a file without any record, too
        return cls(path, clock=clock, redactor=redactor)

    @property
    def head(self) -> str:
        """SHA-256 of the last line: who keeps it elsewhere can tell later whether anything before it was changed."""
        return self._head

    def records(self) -> Sequence[Record]:
        """All records so far."""
        return tuple(self._records)

    def append(self, event: str, step: str = "", data: Mapping[str, Any] | None = None) -> Record:
        """Write one record and return it, as replay will see it, once it is on the disk. CannotRecord: it is not."""
        kept = self._redactor.redact_all(data or {})
        with self._lock:
            at = self._clock.now().isoformat(timespec="milliseconds")
            n = len(self._records) + 1
            record = Record(n=n, at=at, event=event, step=step, data=kept, prev=self._head)
            line = msgspec.json.encode(record)
            self._write(line)
            return self._records[-1]

    def close(self) -> None:
        """Close the file; nothing can be appended any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _write(self, line: bytes) -> None:
        if self._descriptor < 0:
            raise CannotRecord(f"{self.path} is closed", remedy="run the command again")
        rest = memoryview(line + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            _sync(self._descriptor)
        except KeyboardInterrupt:
            # What stands there whole is a record, whoever waits for it; anything less is none.
            if rest:
                os.ftruncate(self._descriptor, self._size)
            else:
                self._adopt(line)
            raise
        except OSError as error:
            try:
                os.ftruncate(self._descriptor, self._size)
            except OSError:
                self.close()  # what the file holds now nobody knows; `open` cuts off what has no newline
            raise _cannot_record(self.path, error) from error
        self._adopt(line)

    def _adopt(self, line: bytes) -> None:
        self._head, self._size = _hash(line), self._size + len(line) + 1
        self._records.append(msgspec.json.decode(line, type=Record))


def read(path: Path) -> list[Record]:
    """All records that happened, at least one. CannotReplay names file, line and remedy."""
    records = _records(path, _lines(path))
    if not records:
        raise CannotReplay(f"{path} holds no record", remedy="that run never began: remove the file")
    return records


def audit(path: Path, head: str | None = None) -> list[str]:
    """What was done to a journal, one sentence each: edited, reordered or removed records.

    A cut tail or a rewritten file shows only against a `head` that was kept elsewhere, as every report prints it.
    """
    found: list[str] = []
    hashes = [""]
    for number, line in enumerate(_lines(path), start=1):
        record = _parse(line)
        if record is None:
            found.append(f"line {number} is no record")
        elif record.n != number:
            found.append(f"line {number} is record {record.n}: records were removed, added or reordered")
        elif record.prev != hashes[-1]:
            found.append(f"line {number} does not follow from the line before it, which was changed")
        hashes.append(_hash(line))
    if head and head.lower() not in hashes:
        found.append(f"no line has the head {head}: the end was cut off or changed, or the file was written anew")
    return found


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise CannotReplay(f"{path} cannot be read: {error.strerror}", remedy="is it there, and yours?") from error


def _records(path: Path, lines: Sequence[bytes]) -> list[Record]:
    records = []
    for number, line in enumerate(lines, start=1):
        record = _parse(line)
        if record is None:
            raise CannotReplay(
                f"{path}, line {number}, is no record",
                remedy="it was changed after it was written: restore the file, or move it away and begin a new run",
            )
        records.append(record)
    return records


def _parse(line: bytes) -> Record | None:
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(line, type=Record)
    return None


def _hash(line: bytes) -> str:
    return sha256(line).hexdigest()


def _sync(descriptor: int) -> None:
    if _FULLFSYNC is not None:  # macOS: after fsync alone the data may still be in the disk's own cache
        with suppress(OSError):  # which not every file system there can flush
            fcntl.fcntl(descriptor, _FULLFSYNC)
            return
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a new file survive a power cut: its name is in the folder, not in the file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_record(path: Path, error: OSError) -> CannotRecord:
    return CannotRecord(
        f"{path} cannot be written: {error.strerror}",
        remedy="make room on its disk or repair it, then run the command again; nothing goes on unrecorded",
    )
