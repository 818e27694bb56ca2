"""Did the image that this run pushed come back?"""

from __future__ import annotations

from zotops.checks.probing import OK
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, not_yet
from zotops.profile import OfProfile
from zotops.systems.zot import open_zot
from zotops.systems.zot_image import SCRATCH_DIGEST, SCRATCH_TAG, pull_image
from zotops.world import World


class ScratchImageCameBack(OfProfile, Check):
    """What was pushed with CI's key is pulled back by nobody, byte for byte."""

    def __str__(self) -> str:
        return "the image pushed with CI's key came back"

    @property
    def look(self) -> Look:
        """The manifest that was pushed."""
        registry = self.profile.registry
        return Look(
            command=(
                "curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' "
                f"{registry.url}/v2/{registry.scratch}/manifests/{SCRATCH_TAG} | shasum -a 256"
            ),
            want=f"{SCRATCH_DIGEST}",
            otherwise=(
                Otherwise(answer="another digest", means="not what was pushed, or an error's text: look at it"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """The digest is computed from the bytes."""
        expected = "the digest that was pushed"
        for fact in (SCRATCH_TAG, SCRATCH_DIGEST):
            if fact not in facts:
                return not_yet(expected, fact)
        tag, digest = facts[SCRATCH_TAG], facts[SCRATCH_DIGEST]
        scratch = self.profile.registry.scratch
        pulled = pull_image(open_zot(world, self.profile), scratch, tag)
        seen = f"{pulled.status} {pulled.digest[:19]}".rstrip()
        same = pulled.digest == digest and not pulled.wrong
        return judged(
            same,
            expected=f"{digest[:19]} for {scratch}:{tag}",
            observed="; ".join(pulled.wrong) if pulled.digest == digest and pulled.wrong else seen,
            likely="nobody may read it" if pulled.status != OK else "somebody else pushed this tag",
            remedy="look at http.accessControl and at the registry's log",
        )
