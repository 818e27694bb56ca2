"""Is everything in the vault that the work needs, and has nothing changed but what should?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zotops.errors import Stop
from zotops.model import Check, Evidence, Facts, Login, Look, Otherwise, judged, not_yet, unknown
from zotops.profile import OfProfile, Profile, parse_ref
from zotops.secret_stores.troubles import ABSENT
from zotops.systems.key_places import (
    KEY_PRINT,
    OTHER_FIELDS,
    OWN_FIELDS,
    changed_fields,
    other_fields,
    own_field,
    trouble_with,
)
from zotops.systems.vault_by_hand import (
    earlier_values,
    in_key_chain,
    length_command,
    own_item_command,
    read_command,
    shared_item_command,
)
from zotops.world import SecretRef, World

ALL_FIELDS = f"{', '.join(OWN_FIELDS[:-1])} and {OWN_FIELDS[-1]}"


@dataclass(kw_only=True)
class Reading:
    """Several references read: what is empty, what is absent, and what could not be asked."""

    empty: list[SecretRef] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


def read_all(world: World, refs: Sequence[SecretRef]) -> Reading:
    """Read each reference; the values are thrown away."""
    reading = Reading()
    for ref in refs:
        try:
            if not world.secrets.read(ref):
                reading.empty.append(ref)
        except Stop as stop:
            (reading.absent if ABSENT.search(stop.what) else reading.unasked).append(f"{ref}: {stop.what}")
    return reading


def when_locked(profile: Profile) -> Otherwise:
    """What a person sees of a locked store."""
    if in_key_chain(profile):
        return Otherwise(answer="an error, or nothing", means="unlock the key chain")
    means = "unlock 1Password, or `op signin`; `op whoami` does not tell"
    return Otherwise(answer="not currently signed in", means=means, fault="vault-signed-out")


class ReferencesResolve(OfProfile, Check):
    """Everything that provisioning reads from the vault is there; CI's own key may still be empty."""

    def __str__(self) -> str:
        return f"the vault has all {len(self._refs)} values that provisioning reads"

    @property
    def _refs(self) -> tuple[SecretRef, ...]:
        return (*map(parse_ref, self.profile.secrets.read_by_roles), self.profile.current_key.secret)

    @property
    def logins(self) -> Sequence[Login]:
        """Read one after another before the checks run at once: each read may ask for a finger."""
        return tuple(Login("provisioning", ref) for ref in self._refs)

    @property
    def look(self) -> Look:
        """Read each reference and throw the value away."""
        return Look(
            command=self._reads_all(),
            want=f"ok, {len(self._refs)} times",
            otherwise=(
                Otherwise(answer="does not have a field", means="one missing field stops a whole play: make it"),
                when_locked(self.profile),
            ),
        )

    def _reads_all(self) -> str:
        if in_key_chain(self.profile):
            return "; ".join(f"{read_command(self.profile, ref)} >/dev/null && echo ok" for ref in self._refs)
        refs = " ".join(f"'op://{self.profile.secrets.vault}/{ref}'" for ref in self._refs)
        return f'for r in {refs}; do op read "$r" >/dev/null && echo ok; done'

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED: something is absent or empty. UNKNOWN: the vault could not be asked."""
        expected = "every reference resolves"
        found = read_all(world, self._refs)
        if found.unasked:
            return unknown(expected=expected, observed=found.unasked[0], remedy="unlock the vault, then look again")
        may_be_empty = self.profile.current_key.secret
        wrong = [*found.absent, *(f"{ref}: is empty" for ref in found.empty if ref != may_be_empty)]
        # Only the first look of a run counts as "before".
        first = not wrong and OTHER_FIELDS not in facts
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or f"{len(self._refs)} of {len(self._refs)} resolve",
            likely="an item or a field has another name than the profile or the playbook says, or two have the same",
            remedy="make the field (CI's key may be empty), or correct secrets.read_by_roles in the profile; name "
            "items by their ids, which are never ambiguous",
            facts={OTHER_FIELDS: other_fields(world, self.profile)} if first else {},
        )


class OwnItemIsThere(OfProfile, Check):
    """The item that keeps what the shared one must not: the pending and the previous key, dates and ids."""

    def __str__(self) -> str:
        return f"the vault has our own item, {self.profile.secrets.own_title!r}"

    @property
    def _refs(self) -> tuple[SecretRef, ...]:
        return tuple(own_field(self.profile, name) for name in OWN_FIELDS)

    @property
    def logins(self) -> Sequence[Login]:
        """Its fields."""
        return tuple(Login(self.profile.ci.name, ref) for ref in self._refs)

    @property
    def look(self) -> Look:
        """Look at the item without revealing anything."""
        secrets = self.profile.secrets
        return Look(
            command=own_item_command(self.profile),
            want=f"{secrets.own_title}, with {ALL_FIELDS}",
            otherwise=(
                Otherwise(
                    answer="isn't an item",
                    means="nobody has made it yet, or the profile has another id",
                    fault="own-item-missing",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """All fields are there; each may be empty."""
        del facts
        expected = f"an item with the fields {ALL_FIELDS}"
        found = read_all(world, self._refs)
        if found.unasked:
            return unknown(expected=expected, observed=found.unasked[0], remedy="unlock the vault, then look again")
        secrets = self.profile.secrets
        return judged(
            not found.absent,
            expected=expected,
            observed="; ".join(found.absent) or f"all {len(OWN_FIELDS)} are there",
            likely="nobody has made the item yet, or secrets.own_item in the profile is not its id",
            remedy=f"in the app, in the vault {secrets.vault}: new item of the category Password, titled "
            f"{secrets.own_title!r}, with two password fields, pending and previous, and four text fields, "
            f"{', '.join(OWN_FIELDS[2:])}, all empty; then put the id that `op item get {secrets.own_title!r} "
            f"--vault {secrets.vault} --format json` shows into secrets.own_item of the profile",
        )


class OtherFieldsUnchanged(OfProfile, Check):
    """The shared item's other secrets are what they were before CI's key was written beside them."""

    def __str__(self) -> str:
        return f"the other fields of {self.profile.secrets.shared_title!r} are unchanged"

    @property
    def look(self) -> Look:
        """1Password keeps an item's history, a key chain keeps none."""
        secrets = self.profile.secrets
        return Look(
            command=shared_item_command(self.profile),
            want=f"every field but {secrets.key_field} as it was before",
            otherwise=(
                Otherwise(
                    answer="a field is empty", means="a careless write of the whole item: restore it from its history"
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Keyed fingerprints, compared with those from before the write."""
        expected = "no field but the key's own has changed"
        before = facts.get(OTHER_FIELDS)
        if before is None:
            return not_yet(expected, OTHER_FIELDS)
        now = other_fields(world, self.profile)
        differing = changed_fields(before, now)
        return judged(
            not differing,
            expected=expected,
            observed=f"changed: {', '.join(differing)}" if differing else f"{len(now.split())} fields, all as before",
            likely="somebody wrote to the item at the same time, or the whole item was written carelessly",
            remedy=f"compare with {earlier_values(self.profile)}, and restore what was lost",
        )


class KeyIsStored(OfProfile, Check):
    """The shared item holds the key that was made, and nothing is pending any more."""

    def __str__(self) -> str:
        return f"the key is in {self.profile.secrets.shared_title!r}, field {self.profile.secrets.key_field}"

    @property
    def logins(self) -> Sequence[Login]:
        """The key in use and the pending one."""
        return (self.profile.current_key, self.profile.pending_key)

    @property
    def look(self) -> Look:
        """Its form, without showing it."""
        return Look(
            command=length_command(self.profile, self.profile.current_key.secret),
            want="36",
            otherwise=(
                Otherwise(answer="37", means="a line end was stored with it", fault="key-with-newline"),
                Otherwise(
                    answer="0 or 5", means="nothing, or a placeholder, is stored there", fault="key-in-the-wrong-field"
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Form, equality with the key that this run made (when it made one), and an empty pending field."""
        expected = "a key of the right form, the one that was made; pending is empty"
        current = world.secrets.read(self.profile.current_key.secret)
        made, wrong = facts.get(KEY_PRINT), trouble_with(current)
        if wrong:
            wrong = f"not a key: {wrong}"
        elif made is not None and world.secrets.fingerprint(current) != made:
            wrong = "a key, but not the one that this run made"
        elif world.secrets.read(self.profile.pending_key.secret):
            wrong = "a key, but another one is still pending"
        return judged(
            not wrong,
            expected=expected,
            observed=wrong or ("the key that was made" if made else "a key; this run made none to compare it with"),
            likely="pasted with its line end, stored in another field, or the wrong one was copied"
            if current
            else "not stored yet",
            remedy="store the pending key again; zotops writes it without a line end",
        )
