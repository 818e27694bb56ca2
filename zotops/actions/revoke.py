"""Ends the old key, by its id, with the new key; and sees that it is gone."""

from __future__ import annotations

from zotops.errors import ActionFailed, Unreachable
from zotops.model import Action, Attempt, Fact, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import (
    LAST_USES,
    OLD_KEY_ID,
    REVOKED_AT,
    ci_caller,
    listed_by_new,
    moved,
    new_key,
    short,
)
from zotops.systems.zot import open_zot
from zotops.systems.zot_keys import Listed, delete_key
from zotops.world import Secret, World

# The time in which a request that was cut off may still arrive, in seconds.
LATE = 5.0


class RevokeOldKey(OfProfile, Action):
    """The registry says 200 to every deletion, so only its list tells. Nothing is sent twice."""

    def __str__(self) -> str:
        return "ends the old key at the registry, by its id; refuses one that is in use"

    @property
    def irreversible(self) -> Fact | None:
        """Its id, typed by a person."""
        return OLD_KEY_ID

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """The id, and the fingerprint of the key that has to go on working."""
        del world, attempt
        return {"id": facts.get(OLD_KEY_ID, ""), "new": facts.get(KEY_PRINT, "")}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: it is in use, the registry refused, or it said 200 and the key is listed all the same."""
        key, old = self._new_key(world, intent), intent["id"]
        try:
            listed = listed_by_new(world, self.profile, key)
        except Unreachable as error:
            raise ActionFailed(f"nothing was ended: {error.what}", remedy=error.remedy) from error
        self._refuse_what_is_in_use(listed, old, facts)
        zot, caller = open_zot(world, self.profile), ci_caller(self.profile, key)
        delete_key(zot, caller, old)
        world.tell(f"revoking ..{old[-4:]}", "sent, answered")
        for _ in range(2):
            if listed_by_new(world, self.profile, key).key(old):
                raise ActionFailed(
                    f"the registry said 200, and ..{old[-4:]} is still listed",
                    remedy=f"delete it on {self.profile.registry.url}/user/apikey, signed in as {self.profile.ci.name}",
                )
        return self._outcome(world)

    def settle(self, world: World, intent: Intent) -> Settled:
        """By two looks at the list, made with the new key, after the time in which a request may still arrive."""
        key = new_key(world, self.profile, {KEY_PRINT: intent["new"]}, KEY_PRINT)
        if key is None:
            return Settled(state=State.CANNOT_TELL, how=f"is ..{intent['id'][-4:]} still among the keys?")
        gone = []
        for _ in range(2):
            world.clock.sleep(LATE)
            gone.append(listed_by_new(world, self.profile, key).key(intent["id"]) is None)
        if all(gone):
            return Settled(state=State.HAPPENED, outcome=self._outcome(world))
        if any(gone):
            return Settled(state=State.CANNOT_TELL, how=f"..{intent['id'][-4:]} was listed in one look of two")
        return Settled(state=State.DID_NOT)

    def _new_key(self, world: World, intent: Intent) -> Secret:
        key = new_key(world, self.profile, {KEY_PRINT: intent["new"]}, KEY_PRINT)
        if key is None:
            raise ActionFailed(
                "nothing was ended: the new key is not in the vault",
                remedy="look at the item's history, and restore it",
            )
        return key

    def _refuse_what_is_in_use(self, listed: Listed, old: str, facts: Facts) -> None:
        target = listed.key(old)
        if old == listed.own.id:
            raise ActionFailed("that is the key in use", remedy="begin a new rotation: --new REASON")
        if target is None:
            raise ActionFailed(f"no key ..{old[-4:]} is listed", remedy="somebody ended it already; look again")
        # Seen dead and back from a backup: `confirm` itself has used it, and whoever else had it was refused.
        came_back = REVOKED_AT in facts
        used = moved(facts.get(LAST_USES, ""), listed.keys, but=listed.own.id)
        if not came_back and any(key.id == old for key in used):
            raise ActionFailed(
                f"{short(target)} was used after the cut-over", remedy="find out by whom: --step soak looks at it again"
            )

    def _outcome(self, world: World) -> Outcome:
        return Outcome(facts={REVOKED_AT: world.clock.now().isoformat(timespec="seconds")})
