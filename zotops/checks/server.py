"""Does the registry's machine let us in?"""

from __future__ import annotations

from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile
from zotops.systems.server import RegistryHost
from zotops.world import World


class ServerLetsUsIn(OfProfile, Check):
    """A command runs on the registry's machine, without anybody being asked for anything."""

    def __str__(self) -> str:
        return f"{self.profile.server.ssh} lets us in by ssh"

    @property
    def look(self) -> Look:
        """The smallest command there is."""
        return Look(
            command=f"ssh -o BatchMode=yes {self.profile.server.ssh} true; echo $?",
            want="0",
            otherwise=(
                Otherwise(
                    answer="255",
                    means="the machine is off, or your key is not loaded: provisioning would fail, too",
                    fault="host-unreachable",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED with what ssh says; that no login is possible is the answer, not a lack of one."""
        del facts
        try:
            code = RegistryHost(world=world, profile=self.profile).run("true").code
        except Unreachable as error:
            observed, remedy = error.what, error.remedy
        else:
            observed, remedy = f"`true` ended with {code}", "look at the login shell of that account"
            if code == 0:
                return judged(True, expected="`true` runs there", observed="it runs")
        return judged(
            False,
            expected="`true` runs there",
            observed=observed,
            likely="the machine is off or out of reach, or no key that it knows is loaded",
            remedy=remedy,
        )
