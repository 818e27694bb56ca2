"""Moves a key between the vault's fields; at every moment each key that is needed is in one of them."""

from __future__ import annotations

from zotops.errors import ActionFailed
from zotops.profile import Profile
from zotops.systems.key_places import PENDING, PREVIOUS, own_field, trouble_with
from zotops.systems.vault_by_hand import earlier_values
from zotops.world import Secret, World


def promote_pending(world: World, profile: Profile) -> None:
    """Current to previous, then pending to current; pending is left to the caller. It may be repeated.

    ActionFailed: there is no pending key, or the store refused. Uncertain: a write may have happened.
    """
    secrets, pending = profile.secrets, world.secrets.read(profile.pending_key.secret)
    if trouble := trouble_with(pending):
        raise ActionFailed(f"no key is pending: {trouble}", remedy="make one first")
    current = world.secrets.read(profile.current_key.secret)
    if current == pending:  # an earlier try came that far
        return
    _keep(world, profile, current)
    world.secrets.write(secrets.shared_item, {secrets.key_field: pending})
    world.tell(f"`{secrets.shared_title}`", f"{secrets.key_field} written, read back, other fields unchanged")


def bring_back_previous(world: World, profile: Profile) -> None:
    """The other way round: current to pending, previous to current, previous emptied. It may be repeated."""
    secrets, previous = profile.secrets, world.secrets.read(own_field(profile, PREVIOUS))
    if trouble := trouble_with(previous):
        raise ActionFailed(f"no earlier key is kept: {trouble}", remedy=f"{earlier_values(profile)} may have it")
    current = world.secrets.read(profile.current_key.secret)
    if current != previous:
        world.secrets.write(secrets.own_item, {PENDING: current})
        world.secrets.write(secrets.shared_item, {secrets.key_field: previous})
        world.tell(f"`{secrets.shared_title}`", f"{secrets.key_field} is the old key again; the new one is pending")
    world.secrets.write(secrets.own_item, {PREVIOUS: None})


def _keep(world: World, profile: Profile, current: Secret) -> None:
    if trouble := trouble_with(current):
        world.tell("previous", f"nothing to keep: what was there is no key ({trouble})")
        return
    world.secrets.write(profile.secrets.own_item, {PREVIOUS: current})
    world.tell("previous", "the key in use so far, kept in our own item")
