"""Mints the next key: with the current key where the registry takes it, else by a sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zotops.actions.ci_session import signed_in
from zotops.actions.minting import Minting
from zotops.model import Facts
from zotops.systems.rotation import OK, OLD_KEY_STATE, WORKS, ci_caller
from zotops.systems.zot import Caller, open_zot
from zotops.world import World


class MintSuccessor(Minting):
    """A key mints its successor, so that nobody has to sign in while the current one works."""

    def __str__(self) -> str:
        return (
            f"asks the registry for a key of {self.profile.rotation.lifetime_days} days, by the current key while that "
            f"works, else signed in as {self.profile.ci.name}; puts it into the vault's pending field"
        )

    @contextmanager
    def as_ci(self, world: World, facts: Facts, left: list[str]) -> Iterator[Caller]:
        """By the current key, which leaves no session; by a session when that key is not taken, or no longer."""
        current = ci_caller(self.profile, world.secrets.read(self.profile.current_key.secret))
        if facts.get(OLD_KEY_STATE) == WORKS and open_zot(world, self.profile).ping(current).status == OK:
            world.tell("asked with", "the current key; nobody has to sign in")
            yield current
        else:
            with signed_in(world, self.profile, left) as caller:
                yield caller
