"""After a leak: ends every key of the CI user but the new one, also those that are made meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from zotops.actions.ci_session import preview_claims, signed_in
from zotops.errors import ActionFailed, Unreachable
from zotops.model import Action, Attempt, Fact, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import ENDED_IDS, NOT_SIGNED_IN, REVOKED_AT, ci_caller, listed_by_new, new_key, short
from zotops.systems.zot import Caller, Zot, open_zot
from zotops.systems.zot_keys import KEY_ID, Key, delete_key, list_keys
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
        """The fingerprint of the key that stays."""
        del world, attempt
        return {"new": facts.get(KEY_PRINT, "")}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: the new key is not taken, or others appear faster than they are ended."""
        del facts
        key = new_key(world, self.profile, {KEY_PRINT: intent["new"]}, KEY_PRINT)
        if key is None:
            raise ActionFailed("nothing was ended: the new key is not in the vault", remedy="make one: --step create")
        zot, caller = open_zot(world, self.profile), ci_caller(self.profile, key)
        if zot.ping(caller).status == NOT_SIGNED_IN:
            self._end_all_by_a_sign_in(world, zot)
        ended = self._end(world, zot, caller, stays=listed_by_new(world, self.profile, key).own.id)
        return self._outcome(world, ended)

    def _end_all_by_a_sign_in(self, world: World, zot: Zot) -> NoReturn:
        """Whoever has the leaked key has ended the new one with it; a session is nothing that they could end."""
        preview_claims(world, self.profile)
        with signed_in(world, self.profile, left := list[str]()) as caller:
            ended = self._end(world, zot, caller, stays="")
        raise ActionFailed(
            "; ".join([f"the new key was ended by somebody else, so all {len(ended)} others are ended", *left]),
            remedy="nobody has a key now: make one, --step create, then go on",
        )

    def _end(self, world: World, zot: Zot, caller: Caller, *, stays: str) -> Mapping[str, Key]:
        """Delete every key but the one that stays, until nothing else is listed twice in a row; by their ids."""
        ended: dict[str, Key] = {}
        quiet = 0
        for _ in range(ROUNDS):
            others = [key for key in list_keys(zot, caller) if key.id != stays]
            for key in others:
                delete_key(zot, caller, key.id)
                world.tell(f"ended {short(key)}", _told(key))
                ended[key.id] = key
            quiet = 0 if others else quiet + 1
            if quiet == QUIET:
                return ended
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
            return Settled(state=State.HAPPENED, outcome=self._outcome(world, {}))
        return Settled(state=State.DID_NOT, leftover="some keys may be ended already; the rest is ended next")

    def _outcome(self, world: World, ended: Mapping[str, Key]) -> Outcome:
        now = world.clock.now().isoformat(timespec="seconds")
        left = tuple(f"ended: {short(key)}, {_told(key)}" for key in ended.values())
        return Outcome(facts={REVOKED_AT: now, ENDED_IDS: ",".join(ended)}, left=left)


def _told(key: Key) -> str:
    """What somebody who looks for the thief wants to know."""
    maker = "made by zotops" if key.label.startswith(OURS) else "made by no run of zotops"
    made = f"{key.created:%Y-%m-%d %H:%M}" if key.created else "at an unknown time"
    used = f"{key.last_used:%Y-%m-%d %H:%M}" if key.last_used else "never"
    return f"{maker}, {made}; last used {used}"
