"""Has the CI user any key that nobody uses?"""

from __future__ import annotations

from zotops.checks.ci_key import CiKeyCheck, caller_in_hand, no_key
from zotops.model import Evidence, Facts, Look, Otherwise, judged
from zotops.systems.zot import open_zot
from zotops.systems.zot_keys import PATH, listed_with
from zotops.world import World


class NoStrayKeys(CiKeyCheck):
    """A key beside the one in use opens the registry as well, and nobody would miss it."""

    def __str__(self) -> str:
        return f"{self.profile.ci.name} has no other key"

    @property
    def advisory(self) -> bool:
        """During a rotation there are two, and that is right."""
        return True

    @property
    def look(self) -> Look:
        """The list, as CI."""
        return Look(
            command=f"curl -su {self.profile.ci.name} {self.profile.registry.url}{PATH}",
            want="one key",
            otherwise=(
                Otherwise(
                    answer="more than one", means="a rotation is under way, or a key was forgotten", fault="stray-key"
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Keys that have expired open nothing, and are not counted."""
        del facts
        expected = "one key that has not expired"
        caller = caller_in_hand(world, self.profile)
        if caller is None:
            return no_key(world, self.profile, expected)
        listed = listed_with(open_zot(world, self.profile), caller)
        strays = [key for key in listed.keys if not key.expired and key != listed.own]
        return judged(
            not strays,
            expected=expected,
            observed=", ".join(f'"{key.label}", id ..{key.id[-4:]}' for key in strays) or expected,
            likely="a rotation is under way, or a key was made and forgotten",
            remedy=f"delete them on {self.profile.registry.url}/user/apikey, signed in as {self.profile.ci.name}",
        )
