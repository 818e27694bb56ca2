"""What does the infrastructure's own check of all services say of the registry?"""

from __future__ import annotations

from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, not_yet
from zotops.profile import OfProfile
from zotops.systems.services_check import SERVICES_OF_REGISTRY, SERVICES_OTHERS, parse_written
from zotops.world import World


class ServicesLines(OfProfile, Check):
    """The lines that have to do with the registry all say OK; the others are named, and change nothing here."""

    def __str__(self) -> str:
        return f"{self.profile.provisioning.services_check} finds the registry's services well"

    @property
    def look(self) -> Look:
        """It passes with authentication off, too, so it is one proof among others."""
        provisioning = self.profile.provisioning
        return Look(
            command=f"mise run {provisioning.services_check}",
            want=f"OK behind {', '.join(provisioning.services_lines)}",
            otherwise=(
                Otherwise(
                    answer="FAILED behind one of them", means="that service is down", fault="service-under-another-name"
                ),
                Otherwise(answer="FAILED behind another", means="something that has nothing to do with the registry"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """From what the verifying action saw: the command may take minutes, so it is not run again for this."""
        del world
        wanted = self.profile.provisioning.services_lines
        expected = f"{len(wanted)} lines, all OK"
        if SERVICES_OF_REGISTRY not in facts:
            return not_yet(expected, SERVICES_OF_REGISTRY)
        found = {line.name: line.ok for line in parse_written(facts[SERVICES_OF_REGISTRY])}
        wrong = [f"{name} FAILED" for name in wanted if found.get(name) is False]
        wrong += [f"{name} not printed" for name in wanted if name not in found]
        others = [line.name for line in parse_written(facts.get(SERVICES_OTHERS, "")) if not line.ok]
        aside = f"; others that FAILED: {', '.join(others)}" if others else ""
        return judged(
            not wrong,
            expected=expected,
            observed=("; ".join(wrong) or f"{len(wanted)} OK") + aside,
            likely="that service is down, or the command names it differently than the profile",
            remedy="look at that service; correct provisioning.services_lines if its name has changed",
        )
