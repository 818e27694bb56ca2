"""The order of the questions, and which connection asks which address."""

from collections import Counter
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tests.systems.outside import profile_of
from zotops.access_matrix import Cell, addresses, cells
from zotops.checks.matrix_answers import Asked, Seen
from zotops.checks.matrix_lines import Question, lines, turns, walk
from zotops.profile import Address, Profile


def with_doors(folder: Path, *reached_from: Literal["here", "server"]) -> Profile:
    """A profile of a trusted main address, and of one more for each word."""
    profile = profile_of(folder, registry="http://127.0.0.1:1")
    others = tuple(
        Address(url=f"http://other-{number}.invalid", reached_from=each, plain_http_is_trusted=each == "here")
        for number, each in enumerate(reached_from)
    )
    registry = msgspec.structs.replace(profile.registry, plain_http_is_trusted=True, addresses=others)
    return msgspec.structs.replace(profile, registry=registry)


def questions(profile: Profile) -> list[Question]:
    return [Question(cell=cell) for cell in cells(profile)]


def told(cell: Cell) -> Asked:
    return Asked(cell=cell, seen=Seen(status=200))


def test_who_waits_for_an_image_stands_behind_and_who_waits_for_a_secret_last(tmp_path: Path) -> None:
    for line in lines(questions(with_doors(tmp_path, "here"))).values():
        waits = [(each.cell.principal.login is not None, bool(each.cell.ask.needs)) for each in line]
        assert waits == sorted(waits)
        assert len(set(waits)) == 4


@pytest.mark.parametrize(
    ("doors", "shares"),
    [
        ((), [32]),
        (("here",), [16, 16]),
        (("server",), [28, 4]),
        (("here", "server", "here"), [9, 9, 4, 9]),
    ],
)
def test_each_address_has_its_share_of_the_connections_and_the_server_no_more_than_sshd_bears(
    doors: tuple[Literal["here", "server"], ...], shares: list[int], tmp_path: Path
) -> None:
    profile = with_doors(tmp_path, *doors)
    taken = Counter(turns(lines(questions(profile))))
    assert [taken[address] for address in addresses(profile)] == shares


def test_all_addresses_begin_at_once(tmp_path: Path) -> None:
    order = turns(lines(questions(with_doors(tmp_path, "here"))))
    assert len({str(address) for address in order[:2]}) == 2


def test_beside_each_other_they_ask_everything_once(tmp_path: Path) -> None:
    every = questions(with_doors(tmp_path, "here", "server"))
    found, asked = lines(every), Counter[int]()

    def answer(cell: Cell) -> Asked:
        asked[id(cell)] += 1
        return told(cell)

    with ThreadPoolExecutor(8) as pool:
        for address in turns(found):
            pool.submit(walk, found[address], answer)
    assert {each.asked.result(0).cell for each in every} == {each.cell for each in every}
    assert set(asked.values()) == {1}


def test_what_was_given_up_is_not_asked(tmp_path: Path) -> None:
    every = questions(with_doors(tmp_path))
    (line,) = lines(every).values()
    for each in every[1:]:
        each.asked.cancel()
    asked: list[Cell] = []

    def answer(cell: Cell) -> Asked:
        asked.append(cell)
        return told(cell)

    walk(line, answer)
    assert asked == [every[0].cell]
    with pytest.raises(CancelledError):
        every[1].asked.result(0)


def test_an_error_of_our_own_is_told_to_who_waits(tmp_path: Path) -> None:
    every = questions(with_doors(tmp_path))
    (line,) = lines(every).values()

    def breaks(cell: Cell) -> Asked:
        raise RuntimeError(str(cell))

    with pytest.raises(RuntimeError):
        walk(line, breaks)
    assert sum(each.asked.done() for each in every) == 1
