"""Does the identity provider name its issuer, as everybody sees it, byte for byte as the registry expects it?"""

from __future__ import annotations

from zotops.checks.probing import OK
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.profile import OfProfile
from zotops.systems.discovery import discovery_address
from zotops.world import World


class IssuerSeenFromHere(OfProfile, Check):
    """The discovery document, asked from this machine."""

    def __str__(self) -> str:
        return "the provider names its issuer byte for byte"

    @property
    def look(self) -> Look:
        """The document itself."""
        issuer = self.profile.identity_provider.issuer
        return Look(
            command=f"curl -s {discovery_address(issuer)} | jq -r .issuer",
            want=issuer,
            otherwise=(
                Otherwise(answer="the same without its slash", means="the registry dies", fault="issuer-without-slash"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """404: no such application; any other answer but a document is UNKNOWN."""
        del facts
        wanted = self.profile.identity_provider.issuer
        reply = world.http.send("GET", discovery_address(wanted))
        if reply.status != OK:
            return unknown(expected=wanted, observed=f"{reply.status} from {discovery_address(wanted)}")
        document = reply.json()
        found = str(document.get("issuer", "")) if isinstance(document, dict) else ""
        return judged(
            found == wanted,
            expected=wanted,
            observed=found[: len(wanted) + 40] or "a document without issuer",
            likely="a slash too few or too many, or another host name",
            remedy="give the registry the issuer exactly as the provider names it, in the role and in the profile",
        )
