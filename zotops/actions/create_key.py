"""Make CI's key: sign in as the CI user, mint, keep it in the vault, and leave no trace of the sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zotops.actions.ci_session import signed_in
from zotops.actions.minting import Minting
from zotops.model import Facts
from zotops.systems.zot import Caller
from zotops.systems.zot_login import SIGNED_IN_AND_BACK
from zotops.world import World


class CreateCiKey(Minting):
    """The first key: nothing but a sign-in can make one."""

    def __str__(self) -> str:
        return (
            f"signs in as {self.profile.ci.name}, makes one key for {self.profile.rotation.lifetime_days} days, "
            "puts it into the vault's pending field, signs out"
        )

    @contextmanager
    def as_ci(self, world: World, facts: Facts, left: list[str]) -> Iterator[Caller]:
        """By a session, which ends with the key made."""
        del facts
        with signed_in(world, self.profile, left) as caller:
            yield caller

    def found(self) -> Facts:
        """The sign-in led there and back."""
        return {SIGNED_IN_AND_BACK: self.profile.ci.name}
