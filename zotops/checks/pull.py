"""Can anybody see what there is, and pull it?"""

from __future__ import annotations

from zotops.checks.probing import NOT_ALLOWED, NOT_SIGNED_IN, OK, existing_tag
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile
from zotops.systems.zot import names_in, open_zot
from zotops.systems.zot_image import pull_image
from zotops.world import World


class CatalogIsPublic(OfProfile, Check):
    """The catalog answers nobody, and names our own image."""

    def __str__(self) -> str:
        return "the catalog is public"

    @property
    def look(self) -> Look:
        """The plan's own command."""
        return Look(
            command=f"curl -sf {self.profile.registry.url}/v2/_catalog",
            want=f"a list with {self.profile.registry.image} in it",
            otherwise=(
                Otherwise(
                    answer="nothing, exit 22",
                    means="nobody may read: anonymousPolicy is missing",
                    fault="anonymous-may-not-read",
                ),
                Otherwise(answer="an empty list", means="nobody may read any repository"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """200 alone is not enough: a catalog lists only what the caller may read."""
        del facts
        reply = open_zot(world, self.profile).catalog()
        names = names_in(reply, "repositories") if reply.status == OK else ()
        image = self.profile.registry.image
        return judged(
            image in names,
            expected=f"200 and {image} in the list",
            observed=f"{reply.status}, {len(names)} repositories"
            + ("" if image in names else f", {image} not among them"),
            likely="anonymousPolicy does not let nobody read",
            remedy="look at http.accessControl in the registry's configuration",
        )


class ImageIsPulledAnonymously(OfProfile, Check):
    """Manifest and blobs of our own image come back to nobody, and every digest is that of the bytes."""

    def __str__(self) -> str:
        return f"{self.profile.registry.image} is pulled without credentials"

    @property
    def look(self) -> Look:
        """A copy to nowhere."""
        registry = self.profile.registry
        host = registry.url.partition("://")[2]
        return Look(
            command=f"skopeo copy --src-no-creds docker://{host}/{registry.image}:<tag> dir:/tmp/pulled",
            want="exit 0",
            otherwise=(Otherwise(answer="unauthorized: authentication required", means="nobody may read"),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """GET only: a HEAD of a blob can leave a repository behind."""
        del facts
        zot = open_zot(world, self.profile)
        image = self.profile.registry.image
        listed = zot.tags(image).status
        if listed in {NOT_SIGNED_IN, NOT_ALLOWED}:
            return judged(
                False,
                expected=f"the tags of {image}, and one of them pulled",
                observed=f"{listed} to its tags",
                likely="nobody may read it",
                remedy="look at http.accessControl",
            )
        tag = existing_tag(zot, self.profile)
        pulled = pull_image(zot, image, tag)
        seen = f"{pulled.status}, {pulled.digest[:19]}, {pulled.blobs} blobs" if pulled.digest else str(pulled.status)
        return judged(
            pulled.status == OK and not pulled.wrong,
            expected=f"{image}:{tag} with manifest and blobs, digests computed",
            observed="; ".join(pulled.wrong) or seen,
            likely="nobody may read it" if pulled.status != OK else "the registry's storage is damaged",
            remedy="look at http.accessControl" if pulled.status != OK else "`zot scrub`, then push the image again",
        )
