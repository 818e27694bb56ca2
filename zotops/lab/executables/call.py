"""One call of a stand-in: what it was given, the world that it acts on, and the parsing of its words."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zotops.lab.state import Document, State


class NotImplementedHere(Exception):
    """A command or option that the practice world leaves out; better said than guessed."""


class Call(NamedTuple):
    """A program's words and surroundings; a tuple, because importing dataclasses doubles the start-up time."""

    program: str
    words: list[str]
    environment: Mapping[str, str]
    stdin: str
    folder: Path
    state: State

    def record(self) -> None:
        """Append this call to calls.jsonl, so that a test can search it for what must not be there."""
        self.state.record(
            {
                "at": time.time(),
                "program": self.program,
                "argv": self.words,
                "env": dict(self.environment),
                "stdin": self.stdin,
            }
        )

    def world(self) -> Document:
        """world.json: addresses and names."""
        document: Document = json.loads((self.folder / "world.json").read_text())
        return document

    def quirks(self, owner: str | None = None) -> dict[str, Any]:
        """The switches that faults have turned on for this program, or for `owner`."""
        switches: dict[str, Any] = self.state.read("quirks").get(owner or self.program, {})
        return switches


def call_of(program: str, words: list[str]) -> Call:
    """Describe this process as a call."""
    folder = Path(os.environ["ZOTOPS_LAB_WORLD"])
    return Call(program, words, dict(os.environ), kind_of_stdin(), folder, State(folder / "state"))


def kind_of_stdin() -> str:
    """What the program was given as standard input: fifo, socket, file, tty, null or closed."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return "closed"
    if stat.S_ISFIFO(mode):
        return "fifo"
    if stat.S_ISSOCK(mode):
        return "socket"
    if stat.S_ISREG(mode):
        return "file"
    return "tty" if os.isatty(0) else "null"


class Words(NamedTuple):
    """A command line taken apart: what stands alone, and the options with their values."""

    alone: list[str]
    options: dict[str, str]


def parse_words(words: Sequence[str], *, flags: Sequence[str] = (), values: Sequence[str] = ()) -> Words:
    """Take a command line apart; an option that is in neither list raises NotImplementedHere.

    Options are spelled as on the command line (`-o`, `--format`); a flag's value is the empty string, or what stands
    behind its `=`.
    """
    alone: list[str] = []
    options: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            return Words(alone + rest, options)
        if not word.startswith("-") or word == "-":
            alone.append(word)
        elif name in flags or (name in values and equals):
            options[name] = value
        elif name in values and rest:
            options[name] = rest.pop(0)
        else:
            raise NotImplementedHere(word)
    return Words(alone, options)


def say(text: str) -> None:
    """One line on standard output."""
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{text}\n")
