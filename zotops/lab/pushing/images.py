"""Tiny, valid container images whose content, and so whose digest, follows from a seed."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Format = Literal["oci", "docker"]
_EPOCH = "2026-01-01T00:00:00Z"  # fixed: the same seed has to give the same digest


@dataclass(frozen=True, kw_only=True)
class MediaTypes:
    """What the three kinds of content of an image are called."""

    manifest: str
    config: str
    layer: str


MEDIA_TYPES: dict[Format, MediaTypes] = {
    "oci": MediaTypes(
        manifest="application/vnd.oci.image.manifest.v1+json",
        config="application/vnd.oci.image.config.v1+json",
        layer="application/vnd.oci.image.layer.v1.tar+gzip",
    ),
    "docker": MediaTypes(
        manifest="application/vnd.docker.distribution.manifest.v2+json",
        config="application/vnd.docker.container.image.v1+json",
        layer="application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Image:
    """One manifest with its layers and its configuration, as the bytes that a registry stores."""

    manifest: bytes
    media_type: str
    layers: tuple[bytes, ...]
    config: bytes

    @property
    def blobs(self) -> tuple[bytes, ...]:
        """All that has to be there before the manifest, in the order in which clients send it."""
        return (*self.layers, self.config)

    @property
    def digest(self) -> str:
        """What a registry answers as Docker-Content-Digest."""
        return digest_of(self.manifest)


def digest_of(content: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def image_from(seed: str, form: Format = "oci") -> Image:
    """An image of one layer with one file that holds the seed; schema 2 of Docker when `form` says so."""
    kinds = MEDIA_TYPES[form]
    archive = _archive(seed)
    layer = _compressed(archive)
    config = _canonical(
        {
            "created": _EPOCH,
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"practice.seed": seed}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(archive)]},
            "history": [{"created": _EPOCH, "created_by": "practice"}],
        }
    )
    manifest = _canonical(
        {
            "schemaVersion": 2,
            "mediaType": kinds.manifest,
            "config": _descriptor(kinds.config, config),
            "layers": [_descriptor(kinds.layer, layer)],
        }
    )
    return Image(manifest=manifest, media_type=kinds.manifest, layers=(layer,), config=config)


def write_layout(image: Image, folder: Path) -> None:
    """Store the image as an OCI image layout, which skopeo reads as `oci:FOLDER`."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in (*image.blobs, image.manifest):
        (blobs / digest_of(content).removeprefix("sha256:")).write_bytes(content)
    (folder / "oci-layout").write_bytes(_canonical({"imageLayoutVersion": "1.0.0"}))
    index = {"schemaVersion": 2, "manifests": [_descriptor(image.media_type, image.manifest)]}
    (folder / "index.json").write_bytes(_canonical(index))


def _archive(seed: str) -> bytes:
    content = f"practice image of {seed}\n".encode()
    entry = tarfile.TarInfo("etc/practice")
    entry.size = len(content)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def _compressed(archive: bytes) -> bytes:
    # 31 selects the gzip container; zlib writes no time into its header, the gzip module would.
    packer = zlib.compressobj(wbits=31)
    return packer.compress(archive) + packer.flush()


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _canonical(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
