"""Asks the registry every question of the access matrix, all at once; nothing of it stays there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from zotops.access_matrix import (
    CI,
    EMPTY,
    FORGED,
    NOBODY,
    STRANGER,
    Address,
    Cell,
    Principal,
    addresses,
    cells,
    principals,
)  # fmt: skip
from zotops.checks.ci_key import no_key
from zotops.checks.limits import ENOUGH, Few, Limited
from zotops.checks.matrix_answers import STRANGE, Seen, judged_by_registry
from zotops.checks.matrix_image import Image, find_image
from zotops.checks.matrix_requests import SENDERS
from zotops.errors import Stop, Unreachable
from zotops.model import Secret, Verdict, World
from zotops.profile import Profile
from zotops.systems.front_doors import door_at
from zotops.systems.zot import (
    ANONYMOUS,
    EMPTY_BASIC,
    Caller,
    Zot,
    made_up_key,
    with_key,
)  # fmt: skip
from zotops.systems.zot_keys import has_key_form


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A cell and what became of it."""

    cell: Cell
    seen: Seen

    @property
    def verdict(self) -> Verdict:
        """UNKNOWN unless the registry itself judged."""
        if self.seen.status is None:
            return Verdict.UNKNOWN
        return Verdict.PASSED if self.seen.status in self.cell.expected else Verdict.FAILED

    def without(self, why: str) -> Asked:
        """The same cell with nothing told."""
        return Asked(cell=self.cell, seen=Seen(said=why))


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The matrix of one registry. `only`: ids of the principals that ask."""

    profile: Profile
    only: frozenset[str] = frozenset()

    def ask(self, world: World, pool: Executor, on_secrets: Callable[[], None] | None = None) -> list[Future[Asked]]:
        """Begin to ask everything; secrets are read here meanwhile, one after another, and only those needed.

        `on_secrets` is called once they are read.
        """
        doors = {address: self._door(world, address) for address in addresses(self.profile)}
        main, safe = next((zot, address.with_secrets) for address, zot in doors.items())
        callers: dict[str, Future[Caller | Stop]] = {one.id: Future() for one in principals(self.profile)}
        for each in principals(self.profile):
            if each.login is None:
                callers[each.id].set_result(_without_secret(each, self.profile))
        wanted = [each for each in principals(self.profile) if not self.only or each.id in self.only]
        # A key goes nowhere for the sake of finding an image either.
        may_look = [callers[each.id] for each in wanted if _reads(each) and (safe or each.login is None)]
        image = pool.submit(find_image, main, self.profile, may_look)
        name = self.profile.registry.image
        every = list(cells(self.profile, only=self.only))
        # Whoever waits for an image or for a secret stands behind all who need not.
        line = _in_line(every)
        pending = {
            id(cell): pool.submit(one, doors[cell.address], cell, callers[cell.principal.id], image, name)
            for cell in line
            if cell.principal.login is None
        }
        for each in wanted:
            if each.login is not None:
                callers[each.id].set_result(self._caller(world, each))
        if on_secrets:
            on_secrets()
        for cell in line:
            if cell.principal.login is not None:
                pending[id(cell)] = pool.submit(one, doors[cell.address], cell, callers[cell.principal.id], image, name)
        return [pending[id(cell)] for cell in every]

    def _door(self, world: World, address: Address) -> Zot:
        if address.reached_from == "server":
            zot = door_at(world, self.profile, address.url, "server")
            return Zot(http=Few(http=zot.http), url=address.url)
        return Zot(http=world.http, url=address.url, trusted=address.with_secrets)

    def _caller(self, world: World, principal: Principal) -> Caller | Stop:
        assert principal.login is not None  # noqa: S101  # only those with a login come here
        try:
            key = world.secrets.read(principal.login.secret)
        except Stop as stop:
            return stop
        if has_key_form(key):
            return with_key(principal.login.user, key)
        if principal.id != CI:
            return Unreachable(f"{principal.login.secret} holds no key", remedy="put one there, or name another place")
        evidence = no_key(world, self.profile, "")
        return Unreachable(evidence.observed, remedy=evidence.remedy)


def _in_line(every: Sequence[Cell]) -> list[Cell]:
    """Who needs no image first, and the addresses in turns: else each would take the other's connections away."""
    turn: Counter[tuple[Address, bool]] = Counter()

    def place(cell: Cell) -> tuple[bool, int]:
        needs = bool(cell.ask.needs)
        turn[cell.address, needs] += 1
        return needs, turn[cell.address, needs]

    return [cell for _, cell in sorted(((place(cell), cell) for cell in every), key=lambda pair: pair[0])]


def read_matrix(
    world: World, profile: Profile, *, only: frozenset[str] = frozenset(), within: float = 10.0
) -> list[Asked]:
    """The whole matrix, asked and answered; `within`: seconds for one answer."""
    limited = replace(world, http=Limited(http=world.http, within=within))
    with ThreadPoolExecutor(max_workers=ENOUGH) as pool:
        return answered(Matrix(profile=profile, only=only).ask(limited, pool))


def answered(pending: Sequence[Future[Asked]]) -> list[Asked]:
    """What became of every cell, without those about a `latest` that does not exist."""
    found = [future.result() for future in pending]
    return [asked for asked in found if asked.seen.said != NO_LATEST]


NO_LATEST = "there is no tag `latest`"


def one(zot: Zot, cell: Cell, caller: Future[Caller | Stop], image: Future[Image], name: str) -> Asked:
    """Ask one cell; `name` is our image. Whatever comes back, there is an answer: what cannot be judged is said so."""
    try:
        who = caller.result()
        if isinstance(who, Stop):
            return Asked(cell=cell, seen=Seen(said=who.what, remedy=who.remedy))
        known = Image() if not cell.ask.needs or cell.place.kind != "image" else image.result()
        if missing := _missing(cell, known):
            return Asked(cell=cell, seen=Seen(said=missing, remedy=known.remedy))
        reply = SENDERS[cell.ask.id](zot, cell.place.repository, who, known)
        return Asked(cell=cell, seen=judged_by_registry(cell, reply, name=name, digest=known.digest, blob=known.blob))
    except Stop as stop:
        return Asked(cell=cell, seen=Seen(said=stop.what, remedy=stop.remedy))
    except STRANGE:
        return Asked(cell=cell, seen=Seen(said="it answered with something that cannot be understood"))


def _missing(cell: Cell, known: Image) -> str:
    """Why this cell cannot be asked; "" when it can."""
    if cell.place.kind != "image" or not cell.ask.needs:
        return ""
    if cell.ask.needs == "latest" and known.tag and not known.latest:
        return NO_LATEST
    there = {"tag": known.tag, "latest": known.tag, "digest": known.digest, "blob": known.blob}
    return "" if there[cell.ask.needs] else known.why


def _reads(principal: Principal) -> bool:
    return principal.rights is not None and principal.id != EMPTY


def _without_secret(principal: Principal, profile: Profile) -> Caller:
    made_up = {
        NOBODY: lambda: ANONYMOUS,
        EMPTY: lambda: EMPTY_BASIC,
        STRANGER: lambda: Caller(name=STRANGER, headers=with_key("zotops-nobody", Secret("made-up")).headers),
        FORGED: lambda: made_up_key(profile.ci.name),
    }
    return made_up[principal.id]()
