"""The cut-over in the vault, and the way back from it."""

from __future__ import annotations

from zotops.actions.moving_keys import bring_back_previous, promote_pending
from zotops.actions.sync_secrets import SyncForgeSecrets
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.builds import BUILD_COMMIT, BUILD_RUNS, COMMITS_TO_BUILD, HALF_STARTED
from zotops.systems.key_places import KEY_PRINT, OTHER_FIELDS, PENDING, PREVIOUS, other_fields, own_field
from zotops.systems.rotation import (
    COPIES_GIVEN,
    CUT_OVER_AT,
    CUT_OVER_BUILDS,
    GIVEN,
    LAST_USES,
    OLD_KEY_ID,
    OLD_KEY_PRINT,
    OLD_KEY_STATE,
    REVOKED_AT,
    WORKS,
    listed_by_new,
    new_key,
)
from zotops.world import World

# What a run knows of a key's hand-over to CI and of its proof; the next one has to be proven anew.
OF_THE_HAND_OVER = dict.fromkeys(
    (
        GIVEN,
        COPIES_GIVEN,
        CUT_OVER_AT,
        CUT_OVER_BUILDS,
        LAST_USES,
        BUILD_COMMIT,
        BUILD_RUNS,
        COMMITS_TO_BUILD,
        HALF_STARTED,
    ),
    "",
)


class Promote(OfProfile, Action):
    """Each write is read back; a stop between any two is decided by fingerprints, and all of it may be repeated."""

    def __str__(self) -> str:
        secrets = self.profile.secrets
        return (
            f"keeps the old key in {secrets.own_title!r}, moves the pending key to {secrets.shared_title!r}, field "
            f"{secrets.key_field}, in one edit, then empties pending"
        )

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """Fingerprint of the new key, and of the shared item's other fields, just before the write."""
        del attempt
        return {"new": facts.get(KEY_PRINT, ""), "others": other_fields(world, self.profile)}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: what is pending is not the key that was made, or the store refused."""
        del facts
        if not self._is_done(world, intent):
            self._refuse_another(world, intent)
            promote_pending(world, self.profile)
            world.secrets.write(self.profile.secrets.own_item, {PENDING: None})
            world.tell(f"`{self.profile.secrets.own_title}`", "pending emptied")
        return Outcome(facts={OTHER_FIELDS: intent["others"]})

    def settle(self, world: World, intent: Intent) -> Settled:
        """By fingerprints: the new key is the current one, and nothing is pending any more."""
        if self._is_done(world, intent):
            return Settled(state=State.HAPPENED, outcome=Outcome(facts={OTHER_FIELDS: intent["others"]}))
        return Settled(state=State.DID_NOT, leftover="some fields may be written already; all of it is done again")

    def _is_done(self, world: World, intent: Intent) -> bool:
        current = world.secrets.fingerprint(world.secrets.read(self.profile.current_key.secret))
        return bool(intent["new"]) and current == intent["new"] and not self._pending(world)

    def _refuse_another(self, world: World, intent: Intent) -> None:
        if not intent["new"] or self._pending(world) != intent["new"]:
            raise ActionFailed(
                "what is pending is not the key that this run made", remedy="make one again: --step create"
            )

    def _pending(self, world: World) -> str:
        return world.secrets.fingerprint(world.secrets.read(self.profile.pending_key.secret))


class GoBack(OfProfile, Action):
    """Until the old key is ended there is a way back: it becomes the current one again, for CI too."""

    @property
    def forgets(self) -> Facts:
        """CI has the old key again, or may have: nothing of the hand-over is proven any more."""
        return OF_THE_HAND_OVER

    def __str__(self) -> str:
        return "puts the old key back into the vault and gives it to CI again; the new one is pending"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """Which key is to come back. ActionFailed when the old key is dead: CI may have one that works."""
        del attempt
        if dead := self._dead(world, facts):
            raise ActionFailed(f"{dead}: there is no way back", remedy="go on, or rotate again instead")
        return {
            "old": facts.get(OLD_KEY_PRINT, ""),
            "current": world.secrets.fingerprint(world.secrets.read(self.profile.current_key.secret)),
        }

    def _dead(self, world: World, facts: Facts) -> str:
        """Why the old key does not work; "" when it does, or when nobody can tell. It is not used: that would show."""
        if REVOKED_AT in facts:
            return f"the old key was ended at {facts[REVOKED_AT]}"
        if facts.get(OLD_KEY_STATE, WORKS) != WORKS:
            return "the old key was dead when this run began"
        key = new_key(world, self.profile, facts, KEY_PRINT)
        if key is None:
            return ""
        try:
            old = listed_by_new(world, self.profile, key).key(facts.get(OLD_KEY_ID, ""))
        except Unreachable:
            return ""  # the new one is refused, perhaps: then going back may be the very thing
        if old is None:
            return "the old key is not listed any more"
        return "the old key has expired" if old.expired else ""

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: no old key is kept, or the store refused. Uncertain: CI may have either.

        CI is given it whatever is known: whether it has the new one already, nothing shows.
        """
        kept = world.secrets.fingerprint(world.secrets.read(own_field(self.profile, PREVIOUS)))
        if kept == intent["old"] != "":
            bring_back_previous(world, self.profile)
        elif intent["current"] != intent["old"]:
            raise ActionFailed(
                "the key that is kept is not the old one", remedy="look at the item's history in the vault"
            )
        try:
            SyncForgeSecrets(profile=self.profile).perform(world, {}, facts)
        except ActionFailed as failed:
            raise Uncertain(
                f"the vault has the old key again, CI may have either: {failed.what}", remedy=failed.remedy
            ) from failed
        return Outcome()

    def settle(self, world: World, intent: Intent) -> Settled:
        """Nothing shows whether CI has its copy again; the whole may be done once more."""
        del world, intent
        return Settled(state=State.DID_NOT, leftover="the vault may hold the old key already; it is done again")
