"""Does the vault let us read at all?"""

from __future__ import annotations

from collections.abc import Sequence

from zotops.checks.vault import when_locked
from zotops.errors import Stop
from zotops.model import Check, Evidence, Facts, Login, Look, judged
from zotops.profile import OfProfile
from zotops.secret_stores.troubles import ABSENT, LOCKED
from zotops.systems.vault_by_hand import read_command
from zotops.world import World


class VaultIsUnlocked(OfProfile, Check):
    """The very value that is needed is read, and thrown away: nothing else tells whether the vault is open."""

    def __str__(self) -> str:
        return "the vault is unlocked, and we may read"

    @property
    def logins(self) -> Sequence[Login]:
        """One value that every runbook needs."""
        return (self.profile.current_key,)

    @property
    def look(self) -> Look:
        """Read it and throw it away."""
        return Look(
            command=f"{read_command(self.profile, self.profile.current_key.secret)} >/dev/null && echo open",
            want="open",
            otherwise=(when_locked(self.profile),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED: it is locked. A value that is not there passes: the vault has answered. Other trouble: UNKNOWN."""
        del facts
        expected = f"{self.profile.current_key.secret} can be read"
        try:
            world.secrets.read(self.profile.current_key.secret)
        except Stop as stop:
            if LOCKED.search(stop.what):
                return judged(
                    False,
                    expected=expected,
                    observed=stop.what,
                    likely="the app is locked, or the session of the command line has ended",
                    remedy=stop.remedy or "unlock the vault, then look again",
                )
            if not ABSENT.search(stop.what):
                raise
        return judged(True, expected=expected, observed="it answers")
