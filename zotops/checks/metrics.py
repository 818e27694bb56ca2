"""Can the registry's metrics still be read as before?"""

from __future__ import annotations

from zotops.model import Check, Evidence, Fact, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile
from zotops.systems.front_doors import door_at
from zotops.systems.zot import open_zot
from zotops.world import World

METRICS_BEFORE = Fact("metrics-before")
OK = 200


class MetricsAsBefore(OfProfile, Check):
    """The first look keeps what nobody gets; every later one has to find the same, or that everybody reads them now.

    Scrapers read the registry on its own machine, and the policy for metrics changed its form between versions.
    """

    def __str__(self) -> str:
        return "metrics are read as before"

    @property
    def look(self) -> Look:
        """The metrics, as the scraper reads them."""
        path = self.profile.registry.metrics_path
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}{path}",
            want="the same as before deploy-zot, mostly 200",
            otherwise=(
                Otherwise(
                    answer="401",
                    means="the scraper is refused now: accessControl.metrics needs anonymousPolicy",
                    fault="metrics-cut-off",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """At the main address and on the registry's own machine."""
        path = self.profile.registry.metrics_path
        if not path:
            return judged(True, expected="nothing", observed="the profile names no metrics")
        here = open_zot(world, self.profile).send("GET", path).status
        there = door_at(world, self.profile, self.profile.server.local_url, "server").send("GET", path).status
        now = f"{here} from here, {there} on the server"
        before = facts.get(METRICS_BEFORE)
        return judged(
            before in {None, now} or here == there == OK,
            expected=before or "whatever nobody gets before the change",
            observed=now,
            likely="the metrics are judged now: metrics.users no longer lets nobody in since 2.1.18",
            remedy='in http.accessControl.metrics set "anonymousPolicy": ["read"], or give the scraper a key',
            facts={METRICS_BEFORE: now} if before is None else {},
        )
