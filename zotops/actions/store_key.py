"""Moves the pending key to where the forge's role reads it, and keeps the one that was there."""

from __future__ import annotations

from zotops.errors import ActionFailed
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Secret, Settled, State, World
from zotops.profile import OfProfile
from zotops.systems.key_places import EXPIRES, OTHER_FIELDS, PENDING, PREVIOUS, other_fields, trouble_with
from zotops.systems.zot_keys import KEY_EXPIRES


class StoreKey(OfProfile, Action):
    """Previous, current, pending, in this order: at every moment no key is lost, and all of it can be repeated."""

    def __str__(self) -> str:
        secrets = self.profile.secrets
        return f"moves the pending key to {secrets.shared_title!r}, field {secrets.key_field}, one edit for each item"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """Fingerprints of the keys, and of the shared item's other fields, just before the write."""
        del attempt
        return {
            "pending": world.secrets.fingerprint(world.secrets.read(self.profile.pending_key.secret)),
            "others": other_fields(world, self.profile),
            "expires": facts.get(KEY_EXPIRES, ""),
        }

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: there is no pending key, or the store refused; then do it again."""
        del facts
        secrets, pending = self.profile.secrets, world.secrets.read(self.profile.pending_key.secret)
        if trouble := trouble_with(pending):
            raise ActionFailed(f"no key is pending: {trouble}", remedy="make one first")
        current = world.secrets.read(self.profile.current_key.secret)
        if current != pending:  # equal: an earlier try came that far
            self._keep(world, current)
            world.secrets.write(secrets.shared_item, {secrets.key_field: pending})
            world.tell(f"`{secrets.shared_title}`", f"{secrets.key_field} written, read back, other fields unchanged")
        expires = {EXPIRES: Secret(intent["expires"])} if intent["expires"] else {}
        world.secrets.write(secrets.own_item, {PENDING: None, **expires})
        world.tell(f"`{secrets.own_title}`", f"pending emptied; expires {intent['expires'] or 'not known'}")
        return Outcome(facts={OTHER_FIELDS: intent["others"]})

    def _keep(self, world: World, current: Secret) -> None:
        if trouble := trouble_with(current):
            world.tell("previous", f"nothing to keep: what was there is no key ({trouble})")
            return
        world.secrets.write(self.profile.secrets.own_item, {PREVIOUS: current})
        world.tell("previous", "the key in use so far, kept in our own item")

    def settle(self, world: World, intent: Intent) -> Settled:
        """By fingerprints: the key that was pending is the current one, and nothing is pending any more."""
        current = world.secrets.fingerprint(world.secrets.read(self.profile.current_key.secret))
        pending = world.secrets.read(self.profile.pending_key.secret)
        if intent["pending"] and current == intent["pending"] and not pending:
            return Settled(state=State.HAPPENED, outcome=Outcome(facts={OTHER_FIELDS: intent["others"]}))
        return Settled(state=State.DID_NOT, leftover="" if pending else "the pending field is empty: make a key again")
