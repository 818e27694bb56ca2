"""Checks that ask a system with the operator's token: whose secret they read beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from zotops.model import Check, Login
from zotops.profile import OfProfile, Profile
from zotops.world import SecretRef


class AsksProvider(OfProfile, Check):
    """A check that asks the identity provider's admin API."""

    @property
    def logins(self) -> Sequence[Login]:
        """The identity provider's API token."""
        return (Login("admin API", self.profile.provider_token),)


class AsksForge(OfProfile, Check):
    """A check that asks the forge's API."""

    @property
    def logins(self) -> Sequence[Login]:
        """The forge's token."""
        return (Login(self.profile.forge.owner, self.profile.forge_token),)


def length_of(profile: Profile, ref: SecretRef) -> str:
    """How a person tells the form of a stored key without showing it: it prints how many characters there are."""
    return f"op read --no-newline 'op://{profile.secrets.vault}/{ref}' | LC_ALL=C tr '0-9a-f' 'x' | wc -c"
