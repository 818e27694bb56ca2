"""Does the forge hold a secret for CI?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zotops.checks.asking import AsksForge
from zotops.model import Evidence, Facts, Look, Otherwise, judged
from zotops.profile import Copy
from zotops.systems.forgejo import Forgejo, secrets_page
from zotops.world import World


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A repository and the secret that it should have; `copy`: none for the one that builds."""

    name: str
    secret: str
    copy: Copy | None = None


@dataclass(frozen=True, kw_only=True)
class SecretIsListed(AsksForge):
    """The repository that builds has the secret. Nothing shows its value, or whether it is new: a push does.

    `with_copies`: so have the further ones. Before a key is given, one that was added since the last time has none.
    """

    with_copies: bool = True

    def __str__(self) -> str:
        own, *copies = self._places
        return f"{own.name} has the secret {own.secret}" + "".join(f", {copy.name} {copy.secret}" for copy in copies)

    @property
    def look(self) -> Look:
        """The forge's settings."""
        forge = self.profile.forge
        return Look(
            command=secrets_page(self.profile),
            want=", ".join([forge.secret, *(f"and {place.secret} in {place.name}" for place in self._places[1:])]),
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
        forge = Forgejo(world=world, profile=self.profile)
        missing, told = [], {}
        for place in self._places:
            # However a name is written, the forge keeps it in upper case.
            listed, name = forge.secrets(place.copy), place.secret.upper()
            if name in listed:
                told[place.name] = f"first made {listed[name]}"
            else:
                told[place.name] = f"only {', '.join(sorted(listed)) or 'none'}"
                missing.append(place.name)
        return judged(
            not missing,
            expected=self.of_each({place.name: f"{place.secret} in the list" for place in self._places}),
            observed=self.of_each(told),
            likely="the play ran nothing (a mistyped tag), stopped before it synced anything (one missing value in the "
            "vault is enough), or gave it to another repository",
            remedy="sync the secrets, look for the task's name in what the play says, and at the role's repositories",
        )

    @property
    def _places(self) -> Sequence[_Place]:
        forge = self.profile.forge
        own = _Place(name=f"{forge.owner}/{forge.repo}", secret=forge.secret)
        copies = [_Place(name=str(copy), secret=copy.secret, copy=copy) for copy in forge.copies if self.with_copies]
        return [own, *copies]
