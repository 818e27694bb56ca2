"""Can CI put images where people expect those of somebody else?"""

from __future__ import annotations

from zotops.access_sentences import says_planting
from zotops.checks.ci_key import CiKeyCheck, caller_in_hand, no_key
from zotops.checks.probing import LET_THROUGH, NOT_ALLOWED, NOT_SIGNED_IN
from zotops.model import Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.systems.zot import made_up_key, open_zot
from zotops.systems.zot_image import mirrored
from zotops.world import World


class CiMayNotPlant(CiKeyCheck):
    """A finding: CI can push below a mirror's prefix, and everybody takes its image for the upstream's."""

    def __str__(self) -> str:
        return says_planting(self.profile)

    @property
    def _prefixes(self) -> str:
        return (
            ", ".join(mirror.prefix for mirror in self.profile.registry.mirrors) or "a mirror's prefix: there is none"
        )

    @property
    def advisory(self) -> bool:
        """A weakness of the plan's rules, which have one pattern for everything."""
        return True

    @property
    def look(self) -> Look:
        """A push of nothing below the first prefix; it never makes the registry ask upstream."""
        registry = self.profile.registry
        if not registry.mirrors:
            return Look(command="true", want="the profile names no mirrors")
        repository, _ = mirrored(registry.mirrors[0])
        return Look(
            command=(
                f"curl -su {self.profile.ci.name} -o /dev/null -w '%{{http_code}}' -X PUT "
                f"-H 'Content-Type: text/plain' {registry.url}/v2/{repository}/manifests/unused"
            ),
            want="403",
            otherwise=(
                Otherwise(
                    answer="415", means="it would be let through: images can be planted", fault="ci-may-plant-images"
                ),
                Otherwise(answer="401", means="the registry does not take this key for that user"),
            ),
        )

    def run(self, world: World, _facts: Facts) -> Evidence:
        """The probe for a new tag, below each prefix; with a made-up key beside it."""
        expected = f"403 to a new tag below {self._prefixes}"
        caller = caller_in_hand(world, self.profile)
        if caller is None:
            return no_key(world, self.profile, expected)
        zot = open_zot(world, self.profile)
        repositories = [mirrored(mirror)[0] for mirror in self.profile.registry.mirrors]
        answers = {repository: zot.probe_create(repository, caller).status for repository in repositories}
        twin = zot.probe_create(self.profile.registry.image, made_up_key(self.profile.ci.name)).status
        observed = ", ".join(f"{repository}: {status}" for repository, status in answers.items()) or "no mirrors"
        if set(answers.values()) - LET_THROUGH["create"] - {NOT_ALLOWED}:
            return unknown(expected=expected, observed=f"{observed}, which says nothing about rights")
        return judged(
            set(answers.values()) <= {NOT_ALLOWED} and twin == NOT_SIGNED_IN,
            expected=expected,
            observed=observed,
            twin=f"a made-up key: {twin}",
            likely="the pattern that lets CI push covers the mirrors, too, because they have none of their own",
            remedy=(
                "give each prefix a longer pattern of its own in http.accessControl, with `read` for everybody and "
                f"nothing for {self.profile.tiers.ci.group}: only the longest pattern that fits decides"
            ),
        )
