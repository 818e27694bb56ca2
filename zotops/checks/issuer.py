"""Does the identity provider tell the registry exactly the issuer that the registry is configured with?"""

from __future__ import annotations

from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.profile import OfProfile
from zotops.systems.discovery import discovery_address, read_issuer
from zotops.systems.server import RegistryHost
from zotops.world import World


class IssuerIsExact(OfProfile, Check):
    """Discovery, asked from the registry's own host, names the configured issuer byte for byte.

    The registry dies at its start when the two differ, be it by a slash (zot 2.1.20, measured). 404 before the
    blueprint is applied: there is no application yet.
    """

    def __str__(self) -> str:
        return "the provider names the issuer that the registry expects, byte for byte"

    @property
    def look(self) -> Look:
        """Asked from the server, because the issuer is built from the host name that the asker uses."""
        address = discovery_address(self.profile.identity_provider.issuer)
        return Look(
            command=f"ssh {self.profile.server.ssh} curl -s {address} | jq -r .issuer",
            want=self.profile.identity_provider.issuer,
            otherwise=(
                Otherwise(answer="the same without its slash", means="the registry dies", fault="issuer-without-slash"),
                Otherwise(answer="another host", means="the provider has several names; use the one in the profile"),
                Otherwise(answer="404", means="no such application yet", fault="blueprint-not-applied"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """404: UNKNOWN. Any other document is judged."""
        del facts
        wanted = self.profile.identity_provider.issuer
        found = read_issuer(RegistryHost(world=world, profile=self.profile), wanted)
        if found is None:
            return unknown(
                expected=wanted,
                observed=f"404: the provider has no application {self.profile.identity_provider.application} yet",
                remedy="deploy the blueprint",
            )
        return judged(
            found == wanted,
            expected=wanted,
            observed=found or "a document without issuer",
            likely="a slash too few or too many" if found.rstrip("/") == wanted.rstrip("/") else "another host name",
            remedy="give the registry the issuer exactly as the provider names it, in the role and in the profile",
        )
