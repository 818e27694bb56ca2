"""During a rotation: do the vault's fields hold the keys that they should?"""

from __future__ import annotations

from collections.abc import Sequence

from zotops.model import Check, Evidence, Facts, Login, Look, Otherwise, judged, not_yet
from zotops.profile import OfProfile
from zotops.systems.key_places import (
    CURRENT_ID,
    DUE,
    EXPIRES,
    KEY_PRINT,
    PREVIOUS,
    REVOKED,
    ids_in,
    own_field,
    trouble_with,
)
from zotops.systems.moments import moment
from zotops.systems.rotation import OLD_KEY_ID, OLD_KEY_PRINT, REVOKED_AT, due_day
from zotops.systems.vault_by_hand import earlier_values, length_command, own_item_command
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID
from zotops.world import World


class ANewKeyIsPending(OfProfile, Check):
    """A key lies in the pending field, and it is not the one in use."""

    def __str__(self) -> str:
        return f"{self.profile.secrets.own_title!r} has a key pending that is not the one in use"

    @property
    def logins(self) -> Sequence[Login]:
        """Both keys."""
        return (self.profile.pending_key, self.profile.current_key)

    @property
    def look(self) -> Look:
        """Its form, without showing it."""
        return Look(
            command=length_command(self.profile, self.profile.pending_key.secret),
            want="36",
            otherwise=(
                Otherwise(
                    answer="36, but it is the key in use",
                    means="something older was on the clipboard",
                    fault="old-key-pasted",
                ),
                Otherwise(answer="37", means="a line end was stored with it: paste it again"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """By form and by comparison."""
        del facts
        pending = world.secrets.read(self.profile.pending_key.secret)
        wrong = trouble_with(pending)
        if not wrong and pending == world.secrets.read(self.profile.current_key.secret):
            wrong = "it is the key in use"
        return judged(
            not wrong,
            expected="a key, and not the one in use",
            observed=wrong or "a key, and not the one in use",
            likely="not made yet" if not pending else "something else was on the clipboard",
            remedy="copy the key that the registry's page shows, and paste it again",
        )


class PendingHoldsTheNewKey(OfProfile, Check):
    """What lies in the pending field is the key that was made, byte for byte, and no other."""

    def __str__(self) -> str:
        return f"{self.profile.secrets.own_title!r} has the new key pending"

    @property
    def logins(self) -> Sequence[Login]:
        """The pending key."""
        return (self.profile.pending_key,)

    @property
    def look(self) -> Look:
        """Its form, without showing it."""
        return Look(
            command=length_command(self.profile, self.profile.pending_key.secret),
            want="36",
            otherwise=(
                Otherwise(answer="37", means="a line end was stored with it: paste it again"),
                Otherwise(
                    answer="0", means="nothing is pending any more: make a key again", fault="pending-overwritten"
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """By fingerprint; before the key is made: not yet."""
        expected = "the key that was made, and nothing around it"
        if KEY_PRINT not in facts:
            return not_yet(expected, KEY_PRINT)
        pending = world.secrets.read(self.profile.pending_key.secret)
        wrong = trouble_with(pending)
        if not wrong and world.secrets.fingerprint(pending) != facts[KEY_PRINT]:
            wrong = "it is another key than the one that was made"
        return judged(
            not wrong,
            expected=expected,
            observed=wrong or "it is, by its fingerprint",
            likely="somebody wrote to the field, or something else was on the clipboard",
            remedy=f"delete that key on {self.profile.registry.url}/user/apikey, and make one again: --step create",
        )


class PreviousHoldsTheOldKey(OfProfile, Check):
    """Until the old key is ended its only stored copy is kept, so that there is a way back."""

    def __str__(self) -> str:
        return f"{self.profile.secrets.own_title!r} keeps the old key until it is ended"

    @property
    def logins(self) -> Sequence[Login]:
        """Our own item's copy of the old key."""
        return (Login(self.profile.ci.name, own_field(self.profile, PREVIOUS)),)

    @property
    def look(self) -> Look:
        """Its form, without showing it."""
        return Look(
            command=length_command(self.profile, own_field(self.profile, PREVIOUS)),
            want="36; after `arm` 0",
            otherwise=(
                Otherwise(
                    answer="0 before `arm`",
                    means="nothing to go back to, and nothing that `confirm` could try; the keys work all the same",
                    fault="old-key-not-kept",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """By fingerprint. Once the old key is ended its copy is of no use."""
        expected = "the key that was in use before"
        if OLD_KEY_PRINT not in facts:
            return not_yet(expected, OLD_KEY_PRINT)
        previous = world.secrets.read(own_field(self.profile, PREVIOUS))
        kept = world.secrets.fingerprint(previous) == facts[OLD_KEY_PRINT]
        ended = REVOKED_AT in facts
        return judged(
            kept or ended,
            expected=expected,
            observed="it is, by its fingerprint" if kept else "another key" if previous else "empty",
            likely="not promoted yet, or somebody wrote to the field",
            remedy=f"{earlier_values(self.profile)} may still have it; without it only the new key works",
        )


class DatesAreNoted(OfProfile, Check):
    """Our own item says until when the key in use lives, which it is, when the next rotation is due, and what ended."""

    def __str__(self) -> str:
        return f"{self.profile.secrets.own_title!r} says when the next rotation is due, and keeps no old key"

    @property
    def logins(self) -> Sequence[Login]:
        """Our own item's fields."""
        names = (PREVIOUS, EXPIRES, DUE, CURRENT_ID, REVOKED)
        return tuple(Login(self.profile.ci.name, own_field(self.profile, name)) for name in names)

    @property
    def look(self) -> Look:
        """The item; its texts are no secrets."""
        return Look(
            command=own_item_command(self.profile),
            want="expires, due, current-id and revoked as above; pending and previous empty",
            otherwise=(Otherwise(answer="previous is filled", means="`arm` is not done", fault="dates-forgotten"),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """All of them, against what the run knows of both keys."""
        expected = "expiry, due day and id of the new key; the old id among the ended; previous and pending empty"
        if KEY_ID not in facts or KEY_EXPIRES not in facts:
            return not_yet(expected, KEY_ID if KEY_ID not in facts else KEY_EXPIRES)
        kept = {name: world.secrets.read(own_field(self.profile, name)).reveal() for name in (EXPIRES, DUE, REVOKED)}
        wrong = []
        if moment(kept[EXPIRES]) != moment(facts[KEY_EXPIRES]):
            wrong.append(f"expires is {kept[EXPIRES] or 'empty'}")
        if kept[DUE] != due_day(facts[KEY_EXPIRES], self.profile.rotation.lifetime_days, self.profile.rotation.due_day):
            wrong.append(f"due is {kept[DUE] or 'empty'}")
        if world.secrets.read(own_field(self.profile, CURRENT_ID)).reveal() != facts[KEY_ID]:
            wrong.append("current-id is not the new key's")
        if OLD_KEY_ID in facts and facts[OLD_KEY_ID] not in ids_in(kept[REVOKED]):
            wrong.append("the old key's id is not among the ended ones")
        if world.secrets.read(own_field(self.profile, PREVIOUS)):
            wrong.append("previous is filled")
        if world.secrets.read(self.profile.pending_key.secret):
            wrong.append("pending is filled")
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or f"expires {kept[EXPIRES]}, due {kept[DUE]}",
            likely="not written yet, or somebody else wrote to the item",
            remedy="write it again: --step arm",
        )
