"""Does the vault keep the password that the CI user is signed in with?"""

from __future__ import annotations

from collections.abc import Sequence

from zotops.model import Check, Evidence, Facts, Login, Look, Otherwise, judged
from zotops.profile import OfProfile, parse_ref
from zotops.systems.vault_by_hand import length_command
from zotops.world import World


class CiPasswordIsKept(OfProfile, Check):
    """Only for profiles that sign the CI user in by password: there is one. Whether it counts, a sign-in shows."""

    def __str__(self) -> str:
        return f"the vault keeps a password for {self.profile.ci.name}"

    @property
    def logins(self) -> Sequence[Login]:
        """The password's place."""
        return (Login(self.profile.ci.name, parse_ref(self.profile.ci.password)),)

    @property
    def look(self) -> Look:
        """Its length, without showing it."""
        return Look(
            command=length_command(self.profile, parse_ref(self.profile.ci.password)),
            want="more than 0",
            otherwise=(Otherwise(answer="0", means="nobody has set a password yet"),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Whether it is there; never what it is."""
        del facts
        place = parse_ref(self.profile.ci.password)
        kept = bool(world.secrets.read(place))
        return judged(
            kept,
            expected=f"a password at {place}",
            observed="it is there" if kept else "the field is empty",
            likely="nobody has set a password yet",
            remedy=f"set one for {self.profile.ci.name} at the identity provider, and keep it at {place}",
        )
