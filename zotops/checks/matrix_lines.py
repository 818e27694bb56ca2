"""In which order the questions of the access matrix are asked, and over which connections."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

from zotops.access_matrix import Address, Cell
from zotops.checks.limits import SESSIONS
from zotops.checks.matrix_answers import Asked
from zotops.connections import CONNECTIONS


@dataclass(frozen=True, kw_only=True)
class Question:
    """A cell, and what will have become of it."""

    cell: Cell
    asked: Future[Asked] = field(default_factory=Future)


Line: TypeAlias = deque[Question]


def lines(questions: Iterable[Question]) -> dict[Address, Line]:
    """One line for each address. Whoever waits for an image stands behind all who need not, and for a secret last."""

    def waits(question: Question) -> tuple[bool, bool]:
        return question.cell.principal.login is not None, bool(question.cell.ask.needs)

    found: dict[Address, Line] = {}
    for question in sorted(questions, key=waits):
        found.setdefault(question.cell.address, deque()).append(question)
    return found


def turns(line: Mapping[Address, Line]) -> list[Address]:
    """For each connection the address that it leads to, mixed, in proportion to what is asked there.

    A connection stays at its address: to go elsewhere it would have to be made anew, at the price of a question.
    """
    there = {address: SESSIONS for address in line if address.reached_from == "server"}
    here = {address: len(waiting) for address, waiting in line.items() if address not in there}
    left = CONNECTIONS - sum(there.values())
    shares = there | {address: max(1, left * size // sum(here.values())) for address, size in here.items()}
    mixed = [((number + 0.5) / share, address) for address, share in shares.items() for number in range(share)]
    return [address for _, address in sorted(mixed, key=lambda turn: turn[0])]


def walk(line: Line, answer: Callable[[Cell], Asked]) -> None:
    """Ask what stands in a line, one after another, beside all others who do; a question given up is not asked."""
    while True:
        try:
            question = line.popleft()
        except IndexError:
            return
        if question.asked.set_running_or_notify_cancel():
            try:
                question.asked.set_result(answer(question.cell))
            except BaseException as error:
                question.asked.set_exception(error)
                raise
