"""Applies a unified diff to a text, or refuses: nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NO_NEWLINE = "\\ No newline at end of file"
HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class DoesNotFitError(Exception):
    """The diff is not about this text, or not a diff."""


@dataclass(frozen=True, kw_only=True)
class Hunk:
    """One change: the lines that stand there (from line `at`, counted from 0) and those that take their place."""

    at: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def patched(text: str, diff: Sequence[str]) -> str:
    """The text after the diff; `diff` are its lines from the first `@@` on, without their line ends.

    DoesNotFitError unless every line that the diff removes or leaves stands exactly where it says.
    """
    lines = text.splitlines(keepends=True)
    result: list[str] = []
    done = 0
    for hunk in parse_hunks(diff):
        end = hunk.at + len(hunk.old)
        if hunk.at < done or tuple(lines[hunk.at : end]) != hunk.old:
            raise DoesNotFitError(f"line {hunk.at + 1} is not what the diff expects")
        result += [*lines[done : hunk.at], *hunk.new]
        done = end
    return "".join([*result, *lines[done:]])


def parse_hunks(diff: Sequence[str]) -> Iterator[Hunk]:
    """The hunks of a diff; DoesNotFitError when their lines are not as many as their heads say."""
    heads = [(number, found) for number, line in enumerate(diff) if (found := HUNK.match(line))]
    if not heads or heads[0][0] != 0:
        raise DoesNotFitError("it does not begin with a hunk")
    ends = [number for number, _ in heads[1:]] + [len(diff)]
    for (number, head), end in zip(heads, ends, strict=True):
        yield _hunk(head, diff[number + 1 : end])


def _hunk(found: re.Match[str], body: Sequence[str]) -> Hunk:
    start, old_count, new_count = int(found[1]), int(found[2] or 1), int(found[4] or 1)
    marked = list(_lines(body))
    old = tuple(text for kind, text in marked if kind in " -")
    new = tuple(text for kind, text in marked if kind in " +")
    if (len(old), len(new)) != (old_count, new_count):
        raise DoesNotFitError("a hunk has not as many lines as its head says")
    # With no old lines the number is that of the line before (POSIX diff, unified format).
    return Hunk(at=start - 1 if old_count else start, old=old, new=new)


def _lines(body: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Kind (" ", "-" or "+") and text of each line; the marker behind a line takes its line end off."""
    for number, line in enumerate(body):
        if line == NO_NEWLINE:
            continue
        if line[:1] not in {" ", "-", "+"}:
            raise DoesNotFitError("a line of a hunk is none")
        ends = "" if body[number + 1 : number + 2] == [NO_NEWLINE] else "\n"
        yield line[0], line[1:] + ends
