"""Child processes: what they may see of our environment, and how one is fed, heard and ended."""

from __future__ import annotations

import codecs
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import IO, Protocol, cast

from zotops.redaction import Redactor

CHUNK = 65536
GLANCE = 0.1  # seconds between looks at a child that is silent
AFTERWARDS = 0.5  # seconds for the output of what a child left running behind it
FAREWELL = ((signal.SIGINT, 5.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))


class Process(Protocol):
    """A started process, its own group's first, with pipes for what it prints."""

    pid: int
    returncode: int | None
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """Its exit code once it has ended."""
        ...

    def wait(self) -> int:
        """Its exit code when it has ended."""
        ...


def operators_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """That environment as it was before our own was entered: no PYTHON*, no ZOTOPS_*, our programs off PATH."""
    ours = {os.path.realpath(Path(folder) / "bin") for folder in (sys.prefix, environment.get("VIRTUAL_ENV")) if folder}
    if sys.prefix == sys.base_prefix:
        ours.discard(os.path.realpath(Path(sys.prefix) / "bin"))
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("PYTHON", "ZOTOPS_", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"))
    }
    if "PATH" in kept:
        folders = [folder for folder in kept["PATH"].split(os.pathsep) if os.path.realpath(folder) not in ours]
        kept["PATH"] = os.pathsep.join(folders)
    return kept


class Child:
    """A running program: feeds it, hears it, and ends it."""

    def __init__(self, process: Process, stdin: bytes, lines: list[Lines]) -> None:
        self.process = process
        self._stdin = memoryview(stdin)
        self._lines = lines
        self._heard: list[bytearray] = [bytearray(), bytearray()]
        self._selector = selectors.DefaultSelector()
        for number, stream in enumerate((process.stdout, process.stderr)):
            assert stream is not None  # noqa: S101  # both are always pipes
            self._selector.register(stream, selectors.EVENT_READ, number)
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE)

    def talk(self, seconds: float, closing: Event | None = None) -> bool:
        """Feed and hear it until it ends; False: it has not within that time, or we are closing."""
        end = time.monotonic() + seconds
        silent_since = time.monotonic()
        while self.process.poll() is None or self._selector.get_map():
            ready = self._selector.select(GLANCE)
            for key, _ in ready:
                self._serve(key)
            now = time.monotonic()
            if self.process.returncode is None and (now > end or (closing and closing.is_set())):
                return False
            if ready or self.process.returncode is None:
                silent_since = now
            elif now > silent_since + AFTERWARDS:
                break  # something that it left running keeps the pipes open
        for lines in self._lines:
            lines.close()
        return True

    def end(self, *, quietly: bool = False) -> None:
        """Ask the whole group to end, ever less politely, and wait until it is gone."""
        if quietly:
            self._lines = []
        for sign, patience in FAREWELL:
            # A second Ctrl-C does not leave it behind either: it means to hurry.
            with suppress(KeyboardInterrupt):
                self._signal(sign)
                if self.talk(patience) and self._group_is_gone():
                    break
        self.process.wait()

    def output(self) -> tuple[str, str]:
        """What it printed, as text."""
        out, err = (bytes(heard).decode("utf-8", "replace") for heard in self._heard)
        return out, err

    def _serve(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            try:
                self._stdin = self._stdin[os.write(key.fd, self._stdin) :] if self._stdin else self._stdin
            except BrokenPipeError:
                self._stdin = self._stdin[:0]  # it does not want the rest
            if not self._stdin:
                self._close(key)
            return
        chunk = os.read(key.fd, CHUNK)
        if not chunk:
            self._close(key)
            return
        self._heard[key.data] += chunk
        if self._lines:
            self._lines[key.data].hear(chunk)

    def _close(self, key: selectors.SelectorKey) -> None:
        self._selector.unregister(key.fileobj)
        cast("IO[bytes]", key.fileobj).close()

    def _signal(self, sign: signal.Signals | int) -> bool:
        try:
            os.killpg(self.process.pid, sign)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return False
        return True

    def _group_is_gone(self) -> bool:
        end = time.monotonic() + AFTERWARDS
        while self._signal(0):
            if time.monotonic() > end:
                return False
            time.sleep(GLANCE / 10)
        return True


class Lines:
    """One stream of a child, redacted and cut into lines."""

    def __init__(self, redactor: Redactor, on_line: Callable[[str], None]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stream = redactor.stream(self._show)
        self._on_line = on_line
        self._rest = ""

    def hear(self, chunk: bytes) -> None:
        """Take what it printed; complete lines go on at once."""
        self._stream.write(self._decoder.decode(chunk))

    def close(self) -> None:
        """Give out what was held back, as a last line."""
        self._stream.write(self._decoder.decode(b"", final=True))
        self._stream.close()
        if self._rest:
            self._show("\n")

    def _show(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._on_line(line.rstrip("\r"))
