"""Does the registry still fetch and keep what it mirrors, and do its consumers ask for it in a form that it serves?"""

from __future__ import annotations

from zotops.checks.probing import NOT_THERE, OK
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, not_yet, unknown
from zotops.profile import Mirror, OfProfile
from zotops.systems.zot import Zot, names_in, open_zot
from zotops.systems.zot_image import mirrored, pull_image, pulled_through
from zotops.world import World


class PullThroughWorks(OfProfile, Check):
    """What this run pulled through each mirror is listed and comes back by its digest, without asking upstream."""

    def __str__(self) -> str:
        return f"pulling through works: {', '.join(mirror.prefix for mirror in self.profile.registry.mirrors)}"

    @property
    def look(self) -> Look:
        """The first mirror; the others are alike."""
        if not self.profile.registry.mirrors:
            return Look(command="true", want="the profile names no mirrors")
        repository, tag = mirrored(self.profile.registry.mirrors[0])
        return Look(
            command=f"curl -s {self.profile.registry.url}/v2/{repository}/tags/list",
            want=f"{tag} in the list, after it was pulled once",
            otherwise=(
                Otherwise(
                    answer="404",
                    means="it was never pulled, or nothing is fetched below that prefix",
                    fault="upstream-down",
                ),
                Otherwise(answer="401", means="nobody may read there: add `read` for nobody to that prefix"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """By digest, because a request by tag asks upstream again."""
        zot, expected = open_zot(world, self.profile), "each image listed and served by its digest"
        wrong: list[str] = []
        for mirror in self.profile.registry.mirrors:
            digest = facts.get(pulled_through(mirror))
            if digest is None:
                return not_yet(expected, pulled_through(mirror))
            served = digest.startswith("sha256:")
            wrong += _wrong(zot, mirror, digest) if served else [f"{mirror.image} {digest}"]
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or f"{len(self.profile.registry.mirrors)} images, digests computed",
            likely="nothing was fetched from upstream, it was not kept, or nobody may read below that prefix",
            remedy="look at extensions.sync and at http.accessControl for that prefix",
        )


def _wrong(zot: Zot, mirror: Mirror, digest: str) -> list[str]:
    repository, tag = mirrored(mirror)
    listed = zot.tags(repository)
    if listed.status != OK:
        return [f"{repository}: {listed.status}"]
    if tag not in names_in(listed, "tags"):
        return [f"{repository} lists no {tag}"]
    pulled = pull_image(zot, repository, digest)
    if pulled.digest != digest:
        return [f"{repository}@{digest[:19]}: {pulled.status} {pulled.digest[:19]}".rstrip()]
    return list(pulled.wrong)


class MirrorFormIsUsed(OfProfile, Check):
    """Consumers set up as plain mirrors ask without the prefix; where that is not served, the cache is never used."""

    def __str__(self) -> str:
        return "plain mirrors find the cache"

    @property
    def advisory(self) -> bool:
        """A weakness of how the consumers are set up, not of this deployment."""
        return True

    @property
    def look(self) -> Look:
        """What containerd asks for, without the prefix."""
        if not self.profile.registry.mirrors:
            return Look(command="true", want="the profile names no mirrors")
        repository, _ = mirrored(self.profile.registry.mirrors[0])
        name = repository.partition("/")[2]
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}/v2/{name}/tags/list",
            want="200",
            otherwise=(
                Otherwise(
                    answer="404", means="such consumers go past the cache, silently", fault="plain-mirrors-not-served"
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """The list of tags never makes the registry ask upstream. UNKNOWN while nothing is cached."""
        del facts
        zot = open_zot(world, self.profile)
        expected = "200 to the form in which a plain mirror is asked"
        unused: list[str] = []
        for mirror in self.profile.registry.mirrors:
            repository, _ = mirrored(mirror)
            name = repository.partition("/")[2]
            status, cached = zot.tags(name).status, zot.tags(repository).status
            if cached != OK or status not in {OK, NOT_THERE}:
                return unknown(
                    expected=expected,
                    observed=f"/v2/{name}: {status}, /v2/{repository}: {cached}",
                    remedy=f"it can be told once {mirror.image} is in the cache: pull it through",
                )
            if status == NOT_THERE:
                unused.append(f"/v2/{name}: 404, while /v2/{repository}: 200")
        return judged(
            not unused,
            expected=expected,
            observed="; ".join(unused) or "200",
            likely="containerd and Docker ask their mirrors without the prefix, and the registry does not read `ns`",
            remedy=(
                f"in containerd's hosts.toml: host {self.profile.registry.url}/v2/<prefix> with override_path = true, "
                "one per upstream; Docker has no such setting"
            ),
        )
