"""Gives the CI user a password that the vault keeps, for places where a sign-in needs one."""

from __future__ import annotations

import secrets

from zotops.errors import ActionFailed
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile, parse_ref
from zotops.systems.authentik import open_authentik
from zotops.world import Secret, World


class SetCiPassword(OfProfile, Action):
    """Kept first, set afterwards: one that nobody keeps helps nobody, one that is kept too early does no harm."""

    def __str__(self) -> str:
        return f"sets a random password for {self.profile.ci.name} and keeps it in the vault"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """Nothing of the password itself."""
        del world, facts, attempt
        return {"user": self.profile.ci.name, "kept-at": self.profile.ci.password}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: no such user, or the provider refused the password."""
        del facts
        provider = open_authentik(world, self.profile)
        user = provider.user(intent["user"])
        if user is None:
            raise ActionFailed(f"there is no user {intent['user']}", remedy="deploy the blueprint first")
        password = Secret(secrets.token_urlsafe(32))
        world.register(password)
        place = parse_ref(intent["kept-at"])
        world.secrets.write(place.item, {place.field: password})
        world.tell("password", f"kept at {place}, read back")
        provider.set_password(user, password)
        world.tell("password", f"set for {user.username}")
        return Outcome(left=(f"{user.username} has a password; it is kept at {place}",))

    def settle(self, world: World, intent: Intent) -> Settled:
        """Whether the last one counts cannot be seen without a sign-in, and setting another one is harmless."""
        del world
        return Settled(state=State.DID_NOT, leftover=f"{intent['user']} may have a password; the next one replaces it")
