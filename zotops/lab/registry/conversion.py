"""Docker's manifests as OCI manifests: the same blobs under other media types, hence another digest."""

import json
from typing import Any

from zotops.lab.registry.blobs import OCI_INDEX, OCI_MANIFEST
from zotops.lab.registry.images import DOCKER_LIST, DOCKER_MANIFEST

MEDIA_TYPES = {
    DOCKER_MANIFEST: OCI_MANIFEST,
    DOCKER_LIST: OCI_INDEX,
    "application/vnd.docker.container.image.v1+json": "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
    ),
}


def as_oci(manifest: dict[str, Any], media_type: str) -> tuple[bytes, str]:
    """The converted manifest and its media type; always the same bytes for the same manifest."""
    converted = {**manifest, "mediaType": MEDIA_TYPES[media_type]}
    if "config" in manifest:
        converted["config"] = _renamed(manifest["config"])
    for key in ("layers", "manifests"):
        if key in manifest:
            converted[key] = [_renamed(part) for part in manifest[key]]
    return json.dumps(converted, separators=(",", ":")).encode(), MEDIA_TYPES[media_type]


def _renamed(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "mediaType": MEDIA_TYPES.get(part["mediaType"], part["mediaType"])}
