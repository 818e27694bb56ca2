"""The three questions that the plan left open, each answered from two observations."""

from __future__ import annotations

from collections.abc import Sequence

from zotops.checks.ci_key import CiKeyCheck, caller_in_hand, no_key
from zotops.checks.probing import LET_THROUGH, NOT_ALLOWED, NOT_SIGNED_IN, NOT_THERE, OK, tag_in
from zotops.model import Evidence, Facts, Login, Look, Otherwise, judged, unknown
from zotops.systems.authentik import open_authentik
from zotops.systems.authentik_claims import claimed_groups
from zotops.systems.zot import made_up_key, open_zot
from zotops.systems.zot_keys import PATH, ask_key_api
from zotops.world import World

# What an answer to a push of nothing may be, to say anything about rights.
TELLING = LET_THROUGH["create"] | {NOT_SIGNED_IN, NOT_ALLOWED}


class ClaimMatchesGroup(CiKeyCheck):
    """The group in the claim is the group of the policy: the provider names it, and the registry acts on it."""

    def __str__(self) -> str:
        return "the provider's group claim matches the registry's policy"

    @property
    def logins(self) -> Sequence[Login]:
        """The key, and the provider's API token."""
        return (*super().logins, Login("admin API", self.profile.provider_token))

    @property
    def look(self) -> Look:
        """What the provider would claim; the registry's side is the right to push new tags."""
        provider, group = self.profile.identity_provider, self.profile.tiers.ci.group
        return Look(
            command=(
                f"{provider.url}/if/admin/#/core/providers, {provider.client_id}, Preview, {self.profile.ci.name}"
            ),
            want=f'"groups": ["{group}"], and the key may push new tags',
            otherwise=(
                Otherwise(
                    answer="another spelling", means="another group to the registry", fault="group-claim-in-other-case"
                ),
                Otherwise(answer="no groups", means="the user is in no group", fault="ci-not-in-the-group"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """First what is claimed, then what it brings."""
        del facts
        group, name = self.profile.tiers.ci.group, self.profile.ci.name
        expected = f"claimed: {group}; and with the key a new tag is let through (415)"
        caller = caller_in_hand(world, self.profile)
        if caller is None:
            return no_key(world, self.profile, expected)
        groups = claimed_groups(open_authentik(world, self.profile), self.profile)
        create = open_zot(world, self.profile).probe_create(self.profile.registry.image, caller).status
        if create not in TELLING:
            return unknown(expected=expected, observed=f"{create}, which says nothing about rights")
        claimed = groups == {group}
        return judged(
            claimed and create in LET_THROUGH["create"],
            expected=expected,
            observed=f"claimed: {', '.join(sorted(groups)) or 'no group'}; new tag {create}",
            likely=(
                f"{name} is not in exactly this group, or the claim spells it otherwise: case and blanks count"
                if not claimed
                else f"the policy does not name {group}, or {name} has not signed in since it was put into the group"
            ),
            remedy=f"compare {name}'s groups at the provider with the policies in http.accessControl, letter by letter",
        )


class ApiKeyOptionWorks(CiKeyCheck):
    """The registry's build has API keys: the interface is there, and a key opens what a made-up one does not."""

    def __str__(self) -> str:
        return "the option http.auth.apikey works in this build"

    @property
    def look(self) -> Look:
        """The interface, and a key used."""
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}{PATH}",
            want=f"500 or 401; and 200 to /v2/ with -u {self.profile.ci.name}",
            otherwise=(
                Otherwise(
                    answer="404",
                    means="this build has no keys, or the option is not set",
                    fault="key-api-gone-meanwhile",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """The interface as nobody; then the ping with the key and with a made-up one."""
        del facts
        expected = "the key API is there; 200 with the key, 401 with a made-up one"
        caller = caller_in_hand(world, self.profile)
        if caller is None:
            return no_key(world, self.profile, expected)
        zot = open_zot(world, self.profile)
        interface = ask_key_api(zot).status
        with_it, twin = zot.ping(caller).status, zot.ping(made_up_key(self.profile.ci.name)).status
        return judged(
            interface != NOT_THERE and with_it == OK and twin == NOT_SIGNED_IN,
            expected=expected,
            observed=f"key API {interface}; {with_it} with the key",
            twin=f"a made-up key: {twin}",
            likely="the option is not set, or the build is too old for it",
            remedy="look at http.auth.apikey and at the registry's version",
        )


class KeyInheritsGroup(CiKeyCheck):
    """A key has the rights of its maker's group: it may what the group may, and not what it may not.

    That the right ends with the membership is shown in the rehearsal only: it would mean taking the CI user out of its
    group here.
    """

    def __str__(self) -> str:
        return f"the key has the rights of {self.profile.tiers.ci.group}, no more and no fewer"

    @property
    def look(self) -> Look:
        """Two pushes of nothing."""
        registry = self.profile.registry
        return Look(
            command=(
                f"curl -su {self.profile.ci.name} -o /dev/null -w '%{{http_code}}' -X PUT "
                f"-H 'Content-Type: text/plain' {registry.url}/v2/{registry.image}/manifests/unused"
            ),
            want=f"{self._want('create')}; and {self._want('update')} on a tag that exists",
            otherwise=(
                Otherwise(answer="403; 403", means="the key has no group's rights", fault="ci-not-in-the-group"),
                Otherwise(answer="415; 415", means="the key may overwrite", fault="ci-may-overwrite"),
            ),
        )

    def _want(self, right: str) -> int:
        return 415 if right in self.profile.tiers.ci.actions else NOT_ALLOWED

    def run(self, world: World, facts: Facts) -> Evidence:
        """What only the group may, and what even the group may not."""
        del facts
        want = (self._want("create"), self._want("update"))
        expected = f"new tag {want[0]}, existing tag {want[1]}"
        caller = caller_in_hand(world, self.profile)
        if caller is None:
            return no_key(world, self.profile, expected)
        zot, image = open_zot(world, self.profile), self.profile.registry.image
        tags = zot.tags(image, caller)
        # A key that is not taken may not even read.
        refused = tags.status == NOT_SIGNED_IN
        update = tags if refused else zot.probe_update(image, tag_in(tags, zot, self.profile), caller)
        seen = (zot.probe_create(image, caller).status, update.status)
        if unclear := [status for status in seen if status not in TELLING]:
            return unknown(expected=expected, observed=f"{unclear[0]}, which says nothing about rights")
        twin = zot.probe_create(image, made_up_key(self.profile.ci.name)).status
        return judged(
            seen == want and twin == NOT_SIGNED_IN,
            expected=expected,
            observed=f"new tag {seen[0]}, existing tag {seen[1]}",
            twin=f"a made-up key: {twin}; without a group one may {', '.join(self.profile.tiers.signed_in)}",
            likely="the registry does not take this key: it has expired, or was deleted"
            if refused
            else f"{self.profile.ci.name} is not in exactly {self.profile.tiers.ci.group}, or its policy differs",
            remedy="look at its groups at the provider and at http.accessControl",
        )
