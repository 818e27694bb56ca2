"""What the identity provider would say about the CI user if it signed in at the registry now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.systems.authentik import Authentik


def claimed_groups(authentik: Authentik, profile: Profile) -> frozenset[str]:
    """The groups in the claim. Where they are left out of the ID token: the direct groups, which userinfo names.

    Unreachable when user or provider are missing, or the preview names somebody else.
    """
    provider = authentik.provider(profile.identity_provider.client_id)
    user = authentik.user(profile.ci.name)
    if provider is None or user is None:
        missing = f"user {profile.ci.name}" if user is None else f"provider {profile.identity_provider.client_id}"
        raise Unreachable(f"{authentik.url} knows no {missing}", remedy="is the blueprint applied?")
    claims = authentik.preview(provider, user)
    name = claims.get("preferred_username")
    if provider.include_claims_in_id_token and name != profile.ci.name:
        raise Unreachable(f"{authentik.url} would claim to the registry that {profile.ci.name} is {name!r}")
    if not provider.include_claims_in_id_token:
        return user.groups
    return frozenset(groups_in(claims))


def groups_in(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The group claim as the registry reads it: a plain text is one group; numbers and an object name none.

    Measured with zot 2.1.20.
    """
    found = claims.get("groups")
    if isinstance(found, str):
        return (found,)
    return tuple(name for name in found if isinstance(name, str)) if isinstance(found, list) else ()
