"""Do scrapers get the registry's metrics?"""

from __future__ import annotations

from zotops.checks.probing import OK
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile
from zotops.systems.zot import open_zot
from zotops.world import World


class MetricsAreRead(OfProfile, Check):
    """Scrapers get metrics where the profile says so."""

    def __str__(self) -> str:
        return "metrics are read without credentials"

    @property
    def look(self) -> Look:
        """The metrics, as the scraper reads them."""
        registry = self.profile.registry
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' {registry.url}{registry.metrics_path}",
            want="200",
            otherwise=(Otherwise(answer="401", means="the scraper is refused: set accessControl.metrics"),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """200 with samples in it, at the main address."""
        del facts
        path = self.profile.registry.metrics_path
        if not path:
            return judged(True, expected="nothing", observed="the profile names no metrics")
        reply = open_zot(world, self.profile).send("GET", path)
        samples = sum(1 for line in reply.text.splitlines() if line and not line.startswith("#"))
        return judged(
            reply.status == OK and b"# TYPE " in reply.body,
            expected=f"200 and samples from {path}",
            observed=f"{reply.status}, {samples} lines" if reply.status == OK else str(reply.status),
            likely="the metrics are judged: metrics.users no longer lets nobody in since 2.1.18",
            remedy='in http.accessControl.metrics set "anonymousPolicy": ["read"], or give the scraper a key',
        )
