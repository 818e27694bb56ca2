"""After a leak: ends every key of the CI user but the new one, also those that are made meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NoReturn

from zotops.actions.ci_session import preview_claims, signed_in
from zotops.errors import ActionFailed, Stop, Unreachable
from zotops.model import Action, Attempt, Fact, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.key_places import KEY_PRINT, ids_in
from zotops.systems.rotation import (
    ENDED_IDS,
    NOT_SIGNED_IN,
    OTHER_IDS,
    REVOKED_AT,
    ci_caller,
    listed_by_new,
    new_key,
    short,
)
from zotops.systems.zot import Caller, Zot, open_zot
from zotops.systems.zot_keys import KEY_ID, Key, delete_key, list_keys, listed_with
from zotops.world import World

# Whoever has the leaked key can make others with it, until it is ended: then nothing new appears.
ROUNDS, QUIET = 20, 2
OURS = "zotops/"


class EndAllOthers(OfProfile, Action):
    """Delete, list, delete again, until two lists in a row show only the new key."""

    def __str__(self) -> str:
        return f"ends every key of {self.profile.ci.name} but the new one, until two lists in a row show no other"

    @property
    def irreversible(self) -> Fact | None:
        """The id of the only key that will be left."""
        return KEY_ID

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """The fingerprint and the id of the key that stays, and the ids of all others that were ever seen."""
        del attempt
        key = new_key(world, self.profile, facts, KEY_PRINT)
        known = [*ids_in(facts.get(OTHER_IDS, "")), *ids_in(facts.get(ENDED_IDS, ""))]
        with suppress(Unreachable):  # refused, perhaps: `perform` finds out
            listed = list_keys(open_zot(world, self.profile), ci_caller(self.profile, key)) if key else ()
            known += [each.id for each in listed if each.id != facts.get(KEY_ID)]
        return {
            "new": facts.get(KEY_PRINT, ""),
            "id": facts.get(KEY_ID, ""),
            "others": ",".join(dict.fromkeys(known)),
        }

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: the new key is not taken, or others appear faster than they are ended."""
        del facts
        key = new_key(world, self.profile, {KEY_PRINT: intent["new"]}, KEY_PRINT)
        if key is None:
            raise ActionFailed("nothing was ended: the new key is not in the vault", remedy="make one: --step create")
        zot, caller, ended = open_zot(world, self.profile), ci_caller(self.profile, key), dict[str, Key]()
        with _remembered(intent, ended):
            if zot.ping(caller).status == NOT_SIGNED_IN:
                self._end_all_by_a_sign_in(world, zot, intent["id"], ended)
            self._end(world, zot, caller, stays=_own(zot, caller, intent["id"]), ended=ended)
        return self._outcome(world, intent, ended)

    def _end_all_by_a_sign_in(self, world: World, zot: Zot, new: str, ended: dict[str, Key]) -> NoReturn:
        """Whoever has the leaked key has ended the new one with it; a session is nothing that they could end."""
        preview_claims(world, self.profile)
        with signed_in(world, self.profile, left := list[str]()) as caller:
            lives = any(key.id == new and not key.expired for key in list_keys(zot, caller))
            if not lives:
                self._end(world, zot, caller, stays="", ended=ended)
        if lives:
            refused = f"nothing was ended: ..{new[-4:]} is refused and listed, so credentials do not arrive"
            raise ActionFailed(
                "; ".join([refused, *left]),
                remedy="look at the proxy in front of the registry, and whether that has just restarted; then again",
            )
        raise ActionFailed(
            "; ".join([f"the new key was ended by somebody else, so all {len(ended)} others are ended", *left]),
            remedy="nobody has a key now: make one, --step create, then go on",
        )

    def _end(self, world: World, zot: Zot, caller: Caller, *, stays: str, ended: dict[str, Key]) -> None:
        """Delete every key but the one that stays, until nothing else is listed twice in a row; by their ids."""
        quiet = 0
        for _ in range(ROUNDS):
            others = [key for key in list_keys(zot, caller) if key.id != stays]
            for key in others:
                ended[key.id] = key
                delete_key(zot, caller, key.id)
                world.tell(f"ended {short(key)}", _told(key))
            quiet = 0 if others else quiet + 1
            if quiet == QUIET:
                return
        raise ActionFailed(
            f"after {ROUNDS} rounds there are still others", remedy="take the CI user out of its group, then try again"
        )

    def settle(self, world: World, intent: Intent) -> Settled:
        """By two lists; ending the rest once more does no harm."""
        key = new_key(world, self.profile, {KEY_PRINT: intent["new"]}, KEY_PRINT)
        try:
            alone = key is not None and all(
                len(listed_by_new(world, self.profile, key).keys) == 1 for _ in range(QUIET)
            )
        except Unreachable:
            alone = False
        if alone:
            return Settled(state=State.HAPPENED, outcome=self._outcome(world, intent, {}))
        return Settled(
            state=State.DID_NOT,
            leftover="some keys may be ended already; the rest is ended next",
            outcome=Outcome(facts={OTHER_IDS: intent["others"]}),
        )

    def _outcome(self, world: World, intent: Intent, ended: Mapping[str, Key]) -> Outcome:
        now = world.clock.now().isoformat(timespec="seconds")
        left = tuple(f"ended: {short(key)}, {_told(key)}" for key in ended.values())
        return Outcome(facts={REVOKED_AT: now, ENDED_IDS: _ids(intent, ended)}, left=left)


@contextmanager
def _remembered(intent: Intent, ended: Mapping[str, Key]) -> Iterator[None]:
    """A try that came to no end has seen keys all the same: without their ids nobody would know them from a backup."""
    try:
        yield
    except Stop as stop:
        stop.found[OTHER_IDS.name] = _ids(intent, ended)
        raise


def _own(zot: Zot, caller: Caller, typed: str) -> str:
    """The id of the new key, which is the one that somebody has typed as the only one to be left."""
    # Whoever has the leaked key may be using it all the time: that must not keep it alive.
    own = listed_with(zot, caller, known=typed).own.id
    if own != typed:
        raise ActionFailed(
            f"nothing was ended: the new key is ..{own[-4:]}, and ..{typed[-4:]} was to stay",
            remedy="--step create finds out which it is",
        )
    return own


def _ids(intent: Intent, ended: Mapping[str, Key]) -> str:
    return ",".join(dict.fromkeys([*ids_in(intent["others"]), *ended]))


def _told(key: Key) -> str:
    """What somebody who looks for the thief wants to know."""
    maker = "made by zotops" if key.label.startswith(OURS) else "made by no run of zotops"
    made = f"{key.created:%Y-%m-%d %H:%M}" if key.created else "at an unknown time"
    used = f"{key.last_used:%Y-%m-%d %H:%M}" if key.last_used else "never"
    return f"{maker}, {made}; last used {used}"
