"""Manifests: reading one by tag or digest, putting one under new names, and taking one away."""

import json
import re
from dataclasses import dataclass
from typing import Any

from zotops.lab.registry.blobs import INDEXES, OCI_INDEX, OCI_MANIFEST, Blobs
from zotops.lab.registry.digests import DIGEST, digest_of, is_digest
from zotops.lab.registry.layout import REFERENCE_NAME, Descriptor, Layout, replace, tag_of

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CHECKED_CONFIGS = {"application/vnd.oci.image.config.v1+json", "application/vnd.oci.empty.v1+json"}


MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")


class UnknownManifest(Exception):
    """The repository has no such manifest."""


class BadManifest(Exception):
    """The manifest is malformed, has another digest, or refers to what is not there."""


class ManifestInUse(Exception):
    """An index of the repository refers to the manifest."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A stored manifest."""

    digest: str
    media_type: str
    content: bytes


def accepted(media_type: str, *, docker: bool) -> bool:
    """Whether a manifest of this type may be put; Docker's only where the configuration says so."""
    return media_type in {OCI_MANIFEST, OCI_INDEX} or (docker and media_type in {DOCKER_MANIFEST, DOCKER_LIST})


class Images:
    """The manifests of all repositories."""

    def __init__(self, layout: Layout, blobs: Blobs) -> None:
        self._layout, self._blobs = layout, blobs

    def get(self, repository: str, reference: str) -> Manifest:
        """A manifest by tag or digest; UnknownRepository or UnknownManifest."""
        for one in self._layout.manifests(repository):
            if reference in (one.get("digest"), tag_of(one)):
                file = self._layout.blob(repository, one["digest"])
                if file.is_file():
                    return Manifest(digest=one["digest"], media_type=one["mediaType"], content=file.read_bytes())
                break
        raise UnknownManifest(reference)

    def put(self, repository: str, reference: str, *, media_type: str, content: bytes, tags: list[str]) -> str:
        """Store a manifest under its digest and these names; returns the digest. The repository is made first, so
        that it stays when the manifest is refused with BadManifest.
        """
        self._layout.create(repository)
        with self._layout.lock:
            by_digest = is_digest(reference)
            digest = digest_of(content, algorithm=reference.partition(":")[0] if by_digest else "sha256")
            if by_digest and digest != reference:
                raise BadManifest(reference)
            self._check(repository, media_type, content)
            file = self._layout.blob(repository, digest)
            file.parent.mkdir(exist_ok=True)
            if not file.exists():
                replace(file, content)
            one = {"mediaType": media_type, "digest": digest, "size": len(content)}
            manifests = self._layout.manifests(repository)
            changed = list(manifests)
            for tag in tags or ([] if by_digest else [reference]):
                changed = self._tagged(repository, changed, one, tag)
            if by_digest and not tags and all(known["digest"] != digest for known in changed):
                changed.append(one)
            if changed != manifests:
                self._layout.write_manifests(repository, changed)
            return digest

    def remove(self, repository: str, reference: str) -> None:
        """Delete a tag, which keeps the manifest by digest, or a digest with all its tags."""
        with self._layout.lock:
            manifests = self._layout.manifests(repository)
            named = [one for one in manifests if reference in (one["digest"], tag_of(one))]
            if not named:
                raise UnknownManifest(reference)
            gone = named[0]
            rest = [one for one in manifests if one not in named]
            if reference != gone["digest"]:
                if all(one["digest"] != gone["digest"] for one in rest):
                    rest.append({key: value for key, value in gone.items() if key != "annotations"})
            elif self._part_of_index(repository, rest, gone["digest"]):
                raise ManifestInUse(reference)
            rest = self._pruned(repository, rest, gone)
            self._layout.write_manifests(repository, rest)
            if all(one["digest"] != gone["digest"] for one in rest):
                self._layout.blob(repository, gone["digest"]).unlink(missing_ok=True)

    def _tagged(self, repository: str, manifests: list[Descriptor], one: Descriptor, tag: str) -> list[Descriptor]:
        """The index after this tag names this manifest; what the tag named before is forgotten with it."""
        before = next((known for known in manifests if tag_of(known) == tag), None)
        if before and before["digest"] == one["digest"]:
            return manifests
        rest = [
            known
            for known in manifests
            if known is not before and not (tag_of(known) is None and known["digest"] == one["digest"])
        ]
        if before and one["mediaType"] == OCI_INDEX:
            rest = self._pruned(repository, rest, before, keeping=[one])
        return [*rest, {**one, "annotations": {REFERENCE_NAME: tag}}]

    def _pruned(
        self, repository: str, rest: list[Descriptor], gone: Descriptor, *, keeping: list[Descriptor] | None = None
    ) -> list[Descriptor]:
        """The index without those untagged parts of an index that only the removed one referred to."""
        if gone["mediaType"] != OCI_INDEX:
            return rest
        parts = self._parts(repository, gone)
        others = [one for one in [*rest, *(keeping or [])] if one["mediaType"] == OCI_INDEX]
        needed = {digest for other in others for digest in self._parts(repository, other)}
        orphans = parts - needed
        return [
            one
            for one in rest
            if one["mediaType"] != OCI_MANIFEST or tag_of(one) is not None or one["digest"] not in orphans
        ]

    def _parts(self, repository: str, index: Descriptor) -> set[str]:
        content = self._layout.read_json(repository, index["digest"])
        return {part["digest"] for part in content.get("manifests") or []}

    def _part_of_index(self, repository: str, rest: list[Descriptor], digest: str) -> bool:
        return any(digest in self._parts(repository, one) for one in rest if one["mediaType"] == OCI_INDEX)

    def _check(self, repository: str, media_type: str, content: bytes) -> None:
        try:
            manifest = json.loads(content)
            needed = needed_parts(manifest, media_type)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadManifest(str(error)) from error
        for digest in needed:
            if not is_digest(digest) or not self._blobs.has(repository, digest):
                raise BadManifest(digest)


def needed_parts(manifest: dict[str, Any], media_type: str) -> list[str]:
    """Digests that have to be there before the manifest is taken; ValueError and the like when it is malformed."""
    if manifest["schemaVersion"] != 2:  # noqa: PLR2004  # the only version there is
        raise ValueError("schemaVersion")
    if media_type in INDEXES:
        return [_digest(part) for part in manifest["manifests"]]
    config, layers = manifest["config"], manifest["layers"]
    parts = [_digest(config), *(_digest(layer) for layer in layers)]
    if media_type == OCI_MANIFEST and config["mediaType"] not in CHECKED_CONFIGS:
        return []
    remote = [_digest(layer) for layer in layers if "nondistributable" in layer["mediaType"]]
    return [part for part in parts if part not in remote]


def _digest(part: dict[str, Any]) -> str:
    digest, size, media_type = str(part["digest"]), part["size"], part["mediaType"]
    if not DIGEST.fullmatch(digest) or not isinstance(size, int) or not MEDIA_TYPE.fullmatch(media_type):
        raise ValueError("descriptor")
    return digest
