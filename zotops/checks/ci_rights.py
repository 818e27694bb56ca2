"""Whether CI's key has a right: the probe made with it, and with a made-up key in the same breath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zotops.access_sentences import says_right
from zotops.checks.ci_key import CiKeyCheck, caller_in_hand, no_key
from zotops.checks.probing import LET_THROUGH, NOT_ALLOWED, NOT_SIGNED_IN, probe, tag_in
from zotops.model import Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.profile import RightName
from zotops.systems.zot import made_up_key, open_zot
from zotops.world import World


@dataclass(frozen=True, kw_only=True)
class CiRight(CiKeyCheck):
    """CI's key has, or has not, one right, as the profile's tier says; a made-up key never has it."""

    right: ClassVar[RightName]

    @property
    def allowed(self) -> bool:
        """What the profile's tiers say."""
        return self.right in self.profile.tiers.ci.actions

    def says(self) -> str:
        """The same words as in the access matrix."""
        return says_right(self.profile.ci.name, self.right, allowed=self.allowed)

    def run(self, world: World, _facts: Facts) -> Evidence:
        """The same probe with the key and with a made-up one."""
        let = " or ".join(str(status) for status in sorted(LET_THROUGH[self.right], reverse=True))
        answer = f"{let} (let through)" if self.allowed else "403 (refused)"
        expected = f"{answer} to {self.right} as {self.profile.ci.name}"
        caller = caller_in_hand(world, self.profile)
        if caller is None:
            return no_key(world, self.profile, expected)
        zot = open_zot(world, self.profile)
        image, right, tag = self.profile.registry.image, self.right, ""
        if right == "update":
            tags = zot.tags(image, caller)
            # A key that is not taken may not even read; any other probe tells that.
            right, tag = ("create", "") if tags.status == NOT_SIGNED_IN else (right, tag_in(tags, zot, self.profile))
        reply = probe(zot, right, image, tag, caller)
        twin = probe(zot, right, image, tag, made_up_key(self.profile.ci.name))
        may = reply.status in LET_THROUGH[right]
        if not may and reply.status not in {NOT_SIGNED_IN, NOT_ALLOWED}:
            return unknown(expected=expected, observed=f"{reply.status}, which says nothing about rights")
        right_answer = may if self.allowed else reply.status == NOT_ALLOWED
        likely, remedy = self._cause(reply.status, twin.status, may=may)
        return judged(
            right_answer and twin.status == NOT_SIGNED_IN,
            expected=expected,
            observed=str(reply.status),
            twin=f"a made-up key: {twin.status}",
            likely=likely,
            remedy=remedy,
        )

    def _cause(self, status: int, twin: int, *, may: bool) -> tuple[str, str]:
        group, name = self.profile.tiers.ci.group, self.profile.ci.name
        if twin != NOT_SIGNED_IN:
            return (
                "the registry judges nobody: authentication is off",
                "look at http.auth and http.accessControl, and whether the process is younger than the file",
            )
        if status == NOT_SIGNED_IN:
            return (
                f"the registry does not take this key for {name}: expired, deleted, or made by somebody else",
                f"make a key signed in as {name}",
            )
        if may:
            return (
                f"the policy of {group} names `{self.right}`, or {name} is in another group too",
                f"take `{self.right}` from the policy of {group}, or {name} from the other group",
            )
        return (
            f"{name} is not in {group}, or the claim spells that group otherwise, or its policy lacks `{self.right}`",
            f"look at {name}'s groups at the identity provider, then at the policy of {group}; then sign in anew",
        )

    def as_a_person(self, *, method: str, path: str, otherwise: tuple[Otherwise, ...]) -> Look:
        """The same request made with curl, which asks for the key."""
        registry = self.profile.registry
        kind = "-X DELETE" if method == "DELETE" else "-X PUT -H 'Content-Type: text/plain'"
        let = "404" if method == "DELETE" else "415"
        return Look(
            command=(
                f"curl -su {self.profile.ci.name} -o /dev/null -w '%{{http_code}}' {kind} "
                f"{registry.url}/v2/{registry.image}/manifests/{path}"
            ),
            want=let if self.allowed else "403",
            otherwise=(*otherwise, Otherwise(answer="401", means="the registry does not take this key for that user")),
        )
