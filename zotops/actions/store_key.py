"""Moves the pending key to where the forge's role reads it, and keeps the one that was there."""

from __future__ import annotations

from zotops.actions.moving_keys import promote_pending
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.key_places import CURRENT_ID, DUE, EXPIRES, OTHER_FIELDS, PENDING, other_fields
from zotops.systems.rotation import due_day
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID
from zotops.world import Secret, World


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
            "id": facts.get(KEY_ID, ""),
        }

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: there is no pending key, or the store refused; then do it again."""
        del facts
        promote_pending(world, self.profile)
        world.secrets.write(self.profile.secrets.own_item, {PENDING: None, **self._noted(intent)})
        world.tell(
            f"`{self.profile.secrets.own_title}`", f"pending emptied; expires {intent['expires'] or 'not known'}"
        )
        return Outcome(facts={OTHER_FIELDS: intent["others"]})

    def _noted(self, intent: Intent) -> dict[str, Secret]:
        """What the next rotation has to know of this key, as far as it is known."""
        rotation, expires = self.profile.rotation, intent["expires"]
        due = due_day(expires, rotation.lifetime_days, rotation.due_day)
        noted = {EXPIRES: expires, DUE: due, CURRENT_ID: intent.get("id", "")}
        return {name: Secret(value) for name, value in noted.items() if value}

    def settle(self, world: World, intent: Intent) -> Settled:
        """By fingerprints: the key that was pending is the current one, and nothing is pending any more."""
        current = world.secrets.fingerprint(world.secrets.read(self.profile.current_key.secret))
        pending = world.secrets.read(self.profile.pending_key.secret)
        if intent["pending"] and current == intent["pending"] and not pending:
            return Settled(state=State.HAPPENED, outcome=Outcome(facts={OTHER_FIELDS: intent["others"]}))
        return Settled(state=State.DID_NOT, leftover="" if pending else "the pending field is empty: make a key again")
