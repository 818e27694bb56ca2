"""Leaves in our own item what the next rotation has to know, and no old key."""

from __future__ import annotations

from zotops.errors import ActionFailed
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.key_places import CURRENT_ID, DUE, EXPIRES, PREVIOUS, REVOKED, ids_in, own_field
from zotops.systems.rotation import ENDED_IDS, OLD_KEY_ID, due_day
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID
from zotops.world import Secret, World


class Arm(OfProfile, Action):
    """One edit of our own item, which may be repeated."""

    def __str__(self) -> str:
        return (
            f"writes the new key's end and id and the next due day into {self.profile.secrets.own_title!r}, adds "
            "the old id to the ended ones, empties the old key's copy"
        )

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """What will be written; none of it is a secret."""
        del attempt
        if KEY_ID not in facts or KEY_EXPIRES not in facts:
            raise ActionFailed("which key is the new one is not known", remedy="--step create finds it out")
        ended = ids_in(world.secrets.read(own_field(self.profile, REVOKED)).reveal())
        new = [*ids_in(facts.get(ENDED_IDS, "")), *filter(None, [facts.get(OLD_KEY_ID, "")])]
        return {
            EXPIRES: facts[KEY_EXPIRES],
            DUE: due_day(facts[KEY_EXPIRES], self.profile.rotation.lifetime_days, self.profile.rotation.due_day),
            CURRENT_ID: facts[KEY_ID],
            REVOKED: ",".join(dict.fromkeys([*ended, *new])),
        }

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: the store refused, a field of these is missing for instance."""
        del facts
        fields = {name: Secret(value) if value else None for name, value in intent.items()}
        world.secrets.write(self.profile.secrets.own_item, {**fields, PREVIOUS: None})
        world.tell(
            f"`{self.profile.secrets.own_title}`", f"expires {intent[EXPIRES]}, due {intent[DUE]}; previous emptied"
        )
        return Outcome()

    def settle(self, world: World, intent: Intent) -> Settled:
        """By reading the fields; the edit does no harm twice."""
        kept = {name: world.secrets.read(own_field(self.profile, name)).reveal() for name in intent}
        done = kept == dict(intent) and not world.secrets.read(own_field(self.profile, PREVIOUS))
        return Settled(state=State.HAPPENED if done else State.DID_NOT)
