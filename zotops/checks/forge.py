"""Does the forge hold a secret for CI?"""

from __future__ import annotations

from zotops.checks.asking import AsksForge
from zotops.model import Evidence, Facts, Look, Otherwise, judged
from zotops.systems.forgejo import Forgejo, secrets_page
from zotops.world import World


class SecretIsListed(AsksForge):
    """The repository that builds has the secret. Nothing shows its value, or whether it is new: a push does."""

    def __str__(self) -> str:
        return f"{self.profile.forge.owner}/{self.profile.forge.repo} has the secret {self.profile.forge.secret}"

    @property
    def look(self) -> Look:
        """The forge's settings."""
        forge = self.profile.forge
        return Look(
            command=secrets_page(self.profile),
            want=forge.secret,
            otherwise=(
                Otherwise(
                    answer="not listed", means="the play did not get there", fault="secret-in-the-wrong-repository"
                ),
                Otherwise(answer="listed, but pushes fail", means="it may hold nothing", fault="empty-ci-secret"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """The list has names and when each was first made; an update does not move that time."""
        del facts
        name = self.profile.forge.secret
        listed = Forgejo(world=world, profile=self.profile).secrets()
        return judged(
            name in listed,
            expected=f"{name} in the list",
            observed=f"first made {listed[name]}" if name in listed else f"only {', '.join(sorted(listed)) or 'none'}",
            likely="the play ran nothing (a mistyped tag), stopped before it synced anything (one missing value in the "
            "vault is enough), or gave it to another repository",
            remedy="sync the secrets, look for the task's name in what the play says, and at the role's repositories",
        )
