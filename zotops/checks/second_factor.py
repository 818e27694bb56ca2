"""Has a sign-in as the CI user left a second factor behind, which every later sign-in would be asked for?"""

from __future__ import annotations

from zotops.checks.asking import AsksProvider
from zotops.model import Evidence, Facts, Look, Otherwise, judged
from zotops.systems.authentik import open_authentik
from zotops.world import World


class NoSecondFactorLeft(AsksProvider):
    """The CI user has no device: where the provider demands one of whoever signs in by password, it enrols one."""

    def __str__(self) -> str:
        return f"{self.profile.ci.name} has no second factor"

    @property
    def look(self) -> Look:
        """The user's devices in the administrators' pages."""
        provider = self.profile.identity_provider
        return Look(
            command=f"{provider.url}/if/admin/#/identity/users, {self.profile.ci.name}, MFA Authenticators",
            want="none",
            otherwise=(
                Otherwise(
                    answer="a device",
                    means="enrolled by a sign-in by password; every later one asks for it: delete it",
                    fault="ci-forced-to-enrol-a-second-factor",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED names the devices."""
        del facts
        authentik, name = open_authentik(world, self.profile), self.profile.ci.name
        user = authentik.user(name)
        devices = authentik.devices(user) if user else ()
        return judged(
            not devices,
            expected=f"no device of {name}",
            observed=", ".join(f"{device.name} ({device.type})" for device in devices) or "none",
            likely=f"{name} was signed in by password, and the provider's flow demands a second factor of everybody",
            remedy=f"delete it on {self.profile.identity_provider.url}/if/admin/#/identity/users, {name}; next time "
            "impersonate the user, or use a recovery key: neither asks for one",
        )
