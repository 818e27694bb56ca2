"""A person at a real terminal of 40 lines and 80 columns: reads what is on the screen, and types."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pexpect

from tests.acceptance.desk import Desk

PATIENCE = 200  # seconds; for all that happens between two prompts
# What a terminal is told when a prompt is ready to be typed at, and when all of it was drawn.
READY, DRAWN = "\x1b[?2004h", "\x1b[?25h"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x08")
STEP = re.compile(r"-- \d+ of \d+  ([\w-]+) ")
# Seven choices need two lines.
CHOICES = re.compile(r"^  (\w .*(?:\n  +.*)?\bq stop)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Prompt:
    """Where the screen waits: in which step, with which keys; a question has none. `shown`: since the one before."""

    step: str
    keys: tuple[str, ...]
    question: str
    shown: str


class Person:
    """Types at `invoke deploy`; nothing is typed before the prompt is there."""

    def __init__(self, child: "pexpect.spawn[str]") -> None:
        self.child = child
        self.screen = io.StringIO()
        child.logfile_read = self.screen
        self._read = 0

    @property
    def text(self) -> str:
        """Everything shown so far, without colours and movements."""
        return plain(self.screen.getvalue())

    def prompt(self) -> Prompt:
        """Wait for the next prompt and read it."""
        self.child.expect_exact(READY)
        self.child.expect_exact(DRAWN)
        shown = self._since()
        lines = [line for line in shown.splitlines() if line.strip()]
        question = "" if lines[-1].strip() == ">" else lines[-1].strip()
        choices = CHOICES.findall(shown)
        keys = tuple(part.split()[0] for part in re.split(r" {3,}|\n", choices[-1])) if choices and not question else ()
        return Prompt((STEP.findall(self.text) or [""])[-1], keys, question, shown)

    def types(self, line: str) -> Prompt:
        """Type a line, and read the prompt that comes next."""
        self.child.send(f"{line}\r")
        return self.prompt()

    def ends(self, line: str = "") -> int:
        """Type a last line, if any, and wait for the end of the command; its exit code."""
        if line:
            self.child.send(f"{line}\r")
        return self.leaves()

    def interrupts(self) -> int:
        """Press Ctrl-C, and wait for the end."""
        self.child.sendintr()
        return self.leaves()

    def hangs_up(self) -> int:
        """Press Ctrl-D, and wait for the end."""
        self.child.sendeof()
        return self.leaves()

    def leaves(self) -> int:
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus is not None, f"it was ended by signal {self.child.signalstatus}"
        return int(self.child.exitstatus)

    def _since(self) -> str:
        whole = self.screen.getvalue()
        # What came after the prompt has not been asked for yet.
        end = len(whole) - len(self.child.buffer)
        fresh, self._read = whole[self._read : end], end
        return plain(fresh)


@contextmanager
def at_a_terminal(desk: Desk, *words: str) -> Iterator[Person]:
    """`invoke deploy`, or another runbook, in a terminal; whatever still runs at the end of the block is ended."""
    command, *more = desk.command
    child = pexpect.spawn(
        command,
        [*more, desk.procedure, "--profile", str(desk.profile), *words],
        cwd=str(desk.folder),
        env={**desk.environment, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "LC_ALL": "C.UTF-8"},
        dimensions=(40, 80),
        encoding="utf-8",
        timeout=PATIENCE,
    )
    try:
        yield Person(child)
    finally:
        child.close(force=True)


def plain(text: str) -> str:
    """Text as it stands on the screen: without colours and movements, one line a line."""
    return CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def too_wide(text: str) -> list[str]:
    """Lines beyond 80 columns, but for those that hold one long word to be copied: an address, a path, a command."""
    return [
        line
        for line in text.splitlines()
        if len(line) > 80 and not any(len(word) > 40 for word in line.split()) and not line.startswith("Go on: ")
    ]
