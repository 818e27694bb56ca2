"""Asks the registry every question of the access matrix, all at once; nothing of it stays there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import TypeAlias

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
    places,
    principals,
)  # fmt: skip
from zotops.checks.ci_key import no_key
from zotops.checks.limits import FROM_THERE, SESSIONS, Limited
from zotops.checks.matrix_answers import STRANGE, Asked, Seen, judged_by_registry
from zotops.checks.matrix_image import Image, find_cached, find_image
from zotops.checks.matrix_lines import Question, lines, turns, walk
from zotops.checks.matrix_requests import SENDERS
from zotops.errors import Stop, Unreachable
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
from zotops.world import Secret, World

Callers: TypeAlias = Mapping[str, Future[Caller | Stop]]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The matrix of one registry. `only`: ids of the principals that ask."""

    profile: Profile
    only: frozenset[str] = frozenset()

    def ask(self, world: World, pool: Executor) -> list[Question]:
        """Begin to ask everything over 32 connections; secrets are read meanwhile, one after another, as needed."""
        doors = {address: self._door(world, address) for address in addresses(self.profile)}
        main, safe = next((zot, address.with_secrets) for address, zot in doors.items())
        wanted = [each for each in principals(self.profile) if not self.only or each.id in self.only]
        callers: Callers = {each.id: Future() for each in wanted}
        pool.submit(self._find_callers, world, wanted, callers)
        # A key goes nowhere for the sake of finding an image either.
        may_look = [callers[each.id] for each in wanted if _reads(each) and (safe or each.login is None)]
        image = pool.submit(find_image, main, self.profile, may_look)
        cached = {
            place: pool.submit(find_cached, main, place.repository, may_look)
            for place in places(self.profile)
            if place.kind == "mirror"
        }
        name = self.profile.registry.image

        def answer(cell: Cell) -> Asked:
            return one(doors[cell.address], cell, callers[cell.principal.id], cached.get(cell.place, image), name)

        questions = [Question(cell=cell) for cell in cells(self.profile, only=self.only)]
        found = lines(questions)
        for address in turns(found):
            pool.submit(walk, found[address], answer)
        return questions

    def _door(self, world: World, address: Address) -> Zot:
        if address.reached_from == "server":
            there = door_at(world, self.profile, address.url, "server")
            return replace(there, http=Limited(http=there.http, within=FROM_THERE, enough=SESSIONS))
        return Zot(http=world.http, url=address.url, trusted=address.with_secrets)

    def _find_callers(self, world: World, wanted: Sequence[Principal], callers: Callers) -> None:
        """Whoever needs no secret first; nobody may be left waiting for an answer."""
        for each in sorted(wanted, key=lambda principal: principal.login is not None):
            try:
                callers[each.id].set_result(self._caller(world, each))
            except BaseException as error:  # noqa: BLE001 - raised again by whoever asks for it
                callers[each.id].set_exception(error)

    def _caller(self, world: World, principal: Principal) -> Caller | Stop:
        if principal.login is None:
            return _without_secret(principal, self.profile)
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


def answered(questions: Sequence[Question]) -> list[Asked]:
    """What became of every cell, without those about a tag that does not exist. Who leaves gives up the rest."""
    try:
        found = [question.asked.result() for question in questions]
    finally:
        for question in questions:
            question.asked.cancel()
    return [asked for asked in found if asked.seen.said not in {NO_LATEST, NOTHING_CACHED}]


NO_LATEST, NOTHING_CACHED = "there is no tag `latest`", "nothing is cached there"


def one(zot: Zot, cell: Cell, caller: Future[Caller | Stop], image: Future[Image], name: str) -> Asked:
    """Ask one cell; `image`: what is known of the one at its place, `name`: ours.

    Whatever comes back, there is an answer: what cannot be judged is said so.
    """
    try:
        who = caller.result()
        if isinstance(who, Stop):
            return Asked(cell=cell, seen=Seen(said=who.what, remedy=who.remedy))
        waits = cell.ask.needs == "cached" or (cell.ask.needs and cell.place.kind == "image")
        known = image.result() if waits else Image()
        if missing := _missing(cell, known):
            return Asked(cell=cell, seen=Seen(said=missing, remedy=known.remedy))
        reply = SENDERS[cell.ask.id](zot, cell.place.repository, who, known)
        return Asked(cell=cell, seen=judged_by_registry(cell, reply, name=name, digest=known.digest, blob=known.blob))
    except Stop as stop:
        return Asked(cell=cell, seen=Seen(said=stop.what, remedy=stop.remedy))
    except STRANGE:
        said = "it answered with something that cannot be understood"
        return Asked(cell=cell, seen=Seen(said=said, remedy="is it the right server?"))


def _missing(cell: Cell, known: Image) -> str:
    """Why this cell cannot be asked; "" when it can."""
    if not cell.ask.needs:
        return ""
    if cell.ask.needs == "latest" and known.tag and not known.latest:
        return NO_LATEST
    if cell.ask.needs == "cached" and not known.tag and not known.why:
        return NOTHING_CACHED
    there = {"tag": known.tag, "latest": known.tag, "cached": known.tag, "digest": known.digest, "blob": known.blob}
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
