"""The requests that tell rights and leave nothing behind, and what their answers mean."""

from __future__ import annotations

from zotops.errors import Unreachable
from zotops.profile import Profile, RightName
from zotops.systems.zot import ANONYMOUS, Caller, Zot, names_in
from zotops.world import Reply

# What a server answers to a probe that it would have let through (zot 2.1.20, measured).
LET_THROUGH: dict[RightName, frozenset[int]] = {
    "create": frozenset({415}),
    "update": frozenset({415}),
    "delete": frozenset({404, 400}),
}
NOT_SIGNED_IN, NOT_ALLOWED, OK, NOT_THERE = 401, 403, 200, 404


def probe(zot: Zot, right: RightName, repository: str, tag: str, caller: Caller) -> Reply:
    """The request that tells whether the caller has this right on the repository, whose tag `tag` exists."""
    if right == "create":
        return zot.probe_create(repository, caller)
    if right == "update":
        return zot.probe_update(repository, tag, caller)
    return zot.probe_delete(repository, caller)


def existing_tag(zot: Zot, profile: Profile, caller: Caller = ANONYMOUS) -> str:
    """A tag of our own image that is always there; Unreachable when there is none to probe with."""
    return tag_in(zot.tags(profile.registry.image, caller), zot, profile)


def tag_in(reply: Reply, zot: Zot, profile: Profile) -> str:
    """As `existing_tag`, where the tags were asked for already."""
    tags = names_in(reply, "tags") if reply.status == OK else ()
    if not tags:
        raise Unreachable(
            f"{zot.url} shows no tag of {profile.registry.image} ({reply.status}), so nothing can be probed with one",
            remedy="name an image that is always there as `registry.image` in the profile"
            if reply.status in {OK, NOT_THERE}
            else "look at the registry's log, and at the proxy before it",
        )
    return tags[-1]
