"""Is the CI user what it should be, and would its sign-in claim the right group?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zotops.checks.asking import AsksProvider
from zotops.model import Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.systems.authentik import open_authentik
from zotops.systems.authentik_answers import User
from zotops.systems.authentik_claims import groups_in
from zotops.world import World

SERVICE_ACCOUNT = "service_account"


class CiUserIsRight(AsksProvider):
    """Active, a service account, in CI's group and no other, and no superuser."""

    def __str__(self) -> str:
        return f"{self.profile.ci.name} is an active service account in {self.profile.tiers.ci.group} only"

    @property
    def look(self) -> Look:
        """The user's page, tab Groups."""
        provider = self.profile.identity_provider
        return Look(
            command=f"{provider.url}/if/admin/#/identity/users?search={self.profile.ci.name}",
            want=f"active, service account, groups: {self.profile.tiers.ci.group}",
            otherwise=(
                Otherwise(answer="no group", means="it may read and nothing else", fault="ci-not-in-the-group"),
                Otherwise(answer="more groups", means="CI may do more than CI needs: take it out of them"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED names everything that differs."""
        del facts
        user = open_authentik(world, self.profile).user(self.profile.ci.name)
        wrong = ["there is no such user"] if user is None else list(self._wrong(user))
        return judged(
            not wrong,
            expected=f"active, {SERVICE_ACCOUNT}, groups: {self.profile.tiers.ci.group}; no superuser",
            observed="; ".join(wrong) or f"active, {SERVICE_ACCOUNT}, groups: {self.profile.tiers.ci.group}",
            likely="the blueprint is not applied" if user is None else "somebody changed the user by hand",
            remedy="apply the blueprint again" if user is None else "correct the user in the admin interface",
        )

    def _wrong(self, user: User) -> Iterator[str]:
        if not user.is_active:
            yield "not active"
        if user.type != SERVICE_ACCOUNT:
            yield f"type {user.type}"
        if user.groups != {self.profile.tiers.ci.group}:
            yield f"groups: {', '.join(sorted(user.groups)) or 'none'}"
        if user.is_superuser:
            yield "a superuser"


class ClaimsAreRight(AsksProvider):
    """What a sign-in of the CI user would claim now: one without the group takes the rights from all its keys."""

    def __str__(self) -> str:
        return f"a sign-in of {self.profile.ci.name} would claim the group {self.profile.tiers.ci.group}"

    @property
    def look(self) -> Look:
        """The provider's page has a preview."""
        provider = self.profile.identity_provider
        return Look(
            command=f"{provider.url}/if/admin/#/core/providers, provider {provider.client_id}, Preview: "
            f"{self.profile.ci.name}",
            want=f'"groups": ["{self.profile.tiers.ci.group}"]',
            otherwise=(
                Otherwise(
                    answer="other letter case", means="another group to the registry", fault="group-claim-in-other-case"
                ),
                Otherwise(answer="no groups", means="it would lose its rights", fault="ci-not-in-the-group"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """UNKNOWN when the groups come with userinfo only, which cannot be previewed."""
        del facts
        authentik, name, group = open_authentik(world, self.profile), self.profile.ci.name, self.profile.tiers.ci.group
        expected = f"preferred_username {name}, groups {group}"
        provider = authentik.provider(self.profile.identity_provider.client_id)
        user = authentik.user(name)
        if provider is None or user is None:
            missing = "provider" if provider is None else "user"
            return judged(
                False,
                expected=expected,
                observed=f"there is no such {missing}",
                likely="the blueprint is not applied",
                remedy="deploy it",
            )
        claims = authentik.preview(provider, user)
        if not provider.include_claims_in_id_token and "groups" not in claims:
            remedy = "turn on `Include claims in id_token` at the provider, or judge after the sign-in"
            return unknown(expected=expected, observed="the groups come with userinfo only", remedy=remedy)
        claimed = sorted(groups_in(claims))
        return judged(
            claims.get("preferred_username") == name and claimed == [group],
            expected=expected,
            observed=f"preferred_username {claims.get('preferred_username')}, groups {', '.join(claimed) or 'none'}",
            likely=_likely(claims, claimed, group),
            remedy=f"the claim has to be exactly {group}: correct the group, or the `profile` scope mapping",
        )


def _likely(claims: Mapping[str, Any], claimed: Sequence[str], group: str) -> str:
    elsewhere = [
        name for name, value in claims.items() if name != "groups" and isinstance(value, list) and group in value
    ]
    if elsewhere:
        return f"a mapping puts the groups into the claim `{elsewhere[0]}`, where the registry does not look"
    if group.casefold() in {name.casefold() for name in claimed} and group not in claimed:
        return "a mapping changes the letter case: to the registry that is another group"
    return "the user is not in the group itself, only in a child of it, or not at all"
