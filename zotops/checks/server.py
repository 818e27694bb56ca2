"""Does the registry's machine let us in, and does launchd keep the registry there?"""

from __future__ import annotations

from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile
from zotops.systems.server import RegistryHost
from zotops.world import World

EXPECTED = "`launchctl` is found there"


class ServerLetsUsIn(OfProfile, Check):
    """A command runs on the registry's machine, without anybody being asked for anything, and launchctl is there."""

    def __str__(self) -> str:
        return f"{self.profile.server.ssh} lets us in by ssh"

    @property
    def look(self) -> Look:
        """The smallest command that tells both."""
        return Look(
            command=f"ssh -o BatchMode=yes {self.profile.server.ssh} command -v launchctl; echo $?",
            want="its path, and 0",
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
            code = RegistryHost(world=world, profile=self.profile).run("sh", "-c", "command -v launchctl").code
        except Unreachable as error:
            observed, remedy = error.what, error.remedy
            likely = "the machine is off or out of reach, or no key that it knows is loaded"
        else:
            observed, remedy = "there is none", "what starts a registry otherwise is to be restarted by hand"
            likely = "it is no Mac: zotops restarts a registry by launchctl only"
            if code == 0:
                return judged(True, expected=EXPECTED, observed="it runs")
        return judged(False, expected=EXPECTED, observed=observed, likely=likely, remedy=remedy)
