"""Is the registry's version one in which CI cannot move a tag?"""

from __future__ import annotations

import re

from zotops.checks.ci_key import CiKeyCheck, caller_in_hand
from zotops.checks.probing import LET_THROUGH, NOT_ALLOWED, OK, existing_tag
from zotops.errors import Unreachable
from zotops.model import Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.systems.zot import Zot, open_zot
from zotops.world import World

NUMBER = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


class VersionAtFloor(CiKeyCheck):
    """The behaviour decides where it can be seen; what the server says of itself is only second best."""

    def __str__(self) -> str:
        return f"the registry's version is {self.profile.registry.version_floor} or later"

    @property
    def look(self) -> Look:
        """What the server says of itself."""
        registry = self.profile.registry
        return Look(
            command=f"curl -s {registry.url}/v2/_zot/ext/mgmt",
            want=f"a releaseTag of {registry.version_floor} or later",
            otherwise=(
                Otherwise(
                    answer="404, or no releaseTag", means="this build does not say; the probe with CI's key tells"
                ),
                Otherwise(
                    answer="an earlier one",
                    means="CI can move a tag by pushing a digest with ?tag=",
                    fault="tag-overwrite-hole",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """UNKNOWN when the server neither says its version nor a key is there to probe with."""
        del facts
        zot = open_zot(world, self.profile)
        said = said_version(zot)
        floor = self.profile.registry.version_floor
        expected = f"{floor} or later: CI cannot move a tag"
        moves = self._tag_can_be_moved(world, zot)
        observed = f"says {said}" if said else "does not say its version"
        if moves is None and not said:
            return unknown(
                expected=expected,
                observed=f"{observed}; it takes CI's key to probe for it",
                remedy="see the sentences about CI's key: it has to be one that may push, and not overwrite",
            )
        if moves is not None:
            observed += "; a digest pushed with ?tag= is " + ("let through" if moves else "refused")
        old_enough = moves is None and _parts(said) < _parts(floor)
        return judged(
            not moves and not old_enough,
            expected=expected,
            observed=observed,
            likely="an older build of the registry runs",
            remedy=f"build and install {floor} or later, then restart it",
        )

    def _tag_can_be_moved(self, world: World, zot: Zot) -> bool | None:
        """Whether CI can move a tag; None when that cannot be told: no key, or one that may not even push."""
        try:
            caller = caller_in_hand(world, self.profile)
        except Unreachable:
            return None
        image = self.profile.registry.image
        if caller is None or zot.probe_create(image, caller).status not in LET_THROUGH["create"]:
            return None
        tag = existing_tag(zot, self.profile, caller)
        if zot.probe_update(image, tag, caller).status != NOT_ALLOWED:
            return None
        status = zot.probe_move(image, tag, caller).status
        return {NOT_ALLOWED: False}.get(status, True if status in LET_THROUGH["create"] else None)


def said_version(zot: Zot) -> str:
    """The release that the server says it is, as `2.1.20`; empty when it does not say."""
    reply = zot.management()
    if reply.status != OK:
        return ""
    try:
        answer = reply.json()
    except Unreachable:
        return ""
    found = NUMBER.match(str(answer.get("releaseTag", ""))) if isinstance(answer, dict) else None
    return ".".join(found.groups()) if found else ""


def _parts(version: str) -> tuple[int, ...]:
    found = NUMBER.match(version)
    return tuple(int(part) for part in found.groups()) if found else ()
