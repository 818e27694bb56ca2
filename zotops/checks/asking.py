"""Checks that ask a system with the operator's token: whose secret they read beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zotops.model import Check, Evidence, Login, unknown
from zotops.profile import OfProfile
from zotops.systems.authentik_answers import Me


class AsksProvider(OfProfile, Check):
    """A check that asks the identity provider's admin API."""

    @property
    def logins(self) -> Sequence[Login]:
        """The identity provider's API token."""
        return (Login("admin API", self.profile.provider_token),)


def blind(me: Me, expected: str) -> Evidence | None:
    """UNKNOWN where the API token's user is no superuser: such a user is silently shown and told only of its own."""
    if me.user.is_superuser:
        return None
    return unknown(
        expected=expected,
        observed="the API token's user is no superuser, so the provider would answer about that user",
        remedy="put the token of a superuser into the vault",
    )


class AsksForge(OfProfile, Check):
    """A check that asks the forge's API."""

    @property
    def logins(self) -> Sequence[Login]:
        """The forge's token."""
        return (Login(self.profile.forge.owner, self.profile.forge_token),)

    def of_each(self, told: Mapping[str, str]) -> str:
        """What is told of each repository by its name; of a single one without it."""
        texts = [f"{place}: {text}" for place, text in told.items()]
        return "; ".join(texts if self.profile.forge.copies else told.values())
