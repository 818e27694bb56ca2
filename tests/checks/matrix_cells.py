"""The access matrix, single cells of it, and answers to them, for tests of what they mean."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from tests.systems.outside import profile_of
from zotops.access_matrix import Cell, cells
from zotops.checks.limits import Limited
from zotops.checks.matrix import Matrix, answered
from zotops.checks.matrix_answers import Asked, Seen
from zotops.connections import CONNECTIONS
from zotops.profile import Profile, Verify
from zotops.world import Headers, Reply, World


def one_door(folder: Path) -> Profile:
    """A registry with one address, and an administrator's key beside CI's."""
    profile = profile_of(folder, registry="http://127.0.0.1:1")
    registry = msgspec.structs.replace(profile.registry, addresses=())
    verify = Verify(admin="alex", admin_key="i/admin")
    return msgspec.structs.replace(profile, registry=registry, verify=verify)


def cell_of(profile: Profile, ask: str, *, who: str = "nobody", kind: str = "") -> Cell:
    """The first cell of that question and principal, at a place of that kind if one is named."""
    return next(
        cell
        for cell in cells(profile)
        if (cell.ask.id, cell.principal.id) == (ask, who) and kind in {"", cell.place.kind}
    )


def answer(status: int, body: bytes = b"", **headers: str) -> Reply:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(method="GET", url="http://127.0.0.1:1/v2/", status=status, headers=Headers(pairs), body=body)


def asked(cell: Cell, status: int | None, said: str = "", remedy: str = "") -> Asked:
    return Asked(cell=cell, seen=Seen(status=status, said=said, remedy=remedy))


def right(cell: Cell) -> Asked:
    """The cell, answered as it should be."""
    return asked(cell, min(cell.expected))


def wrong(cell: Cell) -> Asked:
    """The cell, let through where it should be refused, or the other way round."""
    through: Any = cell.ask.through
    return asked(cell, min(through - cell.expected or {403}))


def read_matrix(world: World, profile: Profile, *, only: frozenset[str] = frozenset()) -> list[Asked]:
    """The whole matrix, asked and answered."""
    limited = replace(world, http=Limited(http=world.http, within=10.0))
    with ThreadPoolExecutor(max_workers=CONNECTIONS) as pool:
        return answered(Matrix(profile=profile, only=only).ask(limited, pool))
