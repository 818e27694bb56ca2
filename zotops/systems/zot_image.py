"""A tiny image: made, pushed with a key, and any image pulled back as nobody with every digest checked."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from zotops.errors import ActionFailed, Unreachable
from zotops.model import Fact
from zotops.profile import Mirror
from zotops.systems.zot import Caller, Zot, digest_of
from zotops.world import Reply

SCRATCH_TAG = Fact("scratch-tag")
SCRATCH_DIGEST = Fact("scratch-digest")

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
# Whoever looks at an image wants to know that it comes back, not to download it.
LARGE = 8 * 1024 * 1024
ENOUGH = 2
OK, CREATED, ACCEPTED = 200, 201, 202


def pulled_through(mirror: Mirror) -> Fact:
    """The digest of the image that was pulled through a mirror in this run."""
    return Fact(f"pulled-through-{mirror.prefix}")


def mirrored(mirror: Mirror) -> tuple[str, str]:
    """Repository in our registry and tag of a mirror's image."""
    name, _, tag = mirror.image.partition(":")
    return f"{mirror.prefix}/{name}", tag or "latest"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image of one layer, as bytes."""

    manifest: bytes
    config: bytes
    layer: bytes

    @property
    def digest(self) -> str:
        """What the image is known by."""
        return digest_of(self.manifest)


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What came back: the manifest's digest as computed from its bytes, and every disagreement, in words."""

    status: int
    digest: str = ""
    blobs: int = 0
    wrong: tuple[str, ...] = ()


def tiny_image(note: str) -> Image:
    """An image of one file that holds `note`; equal notes make equal images."""
    layer = _tar("zotops.txt", f"{note}\n".encode())
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"zotops": note}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": digest_of(layer), "size": len(layer)}],
        }
    )
    return Image(manifest=manifest, config=config, layer=layer)


def push_image(zot: Zot, repository: str, tag: str, image: Image, caller: Caller) -> None:
    """Push it under a new tag. ActionFailed when the registry refuses; what was uploaded before stays there."""
    for blob in (image.config, image.layer):
        _push_blob(zot, repository, blob, caller)
    reply = zot.send(
        "PUT",
        f"/v2/{repository}/manifests/{tag}",
        caller,
        headers={"Content-Type": MANIFEST},
        body=image.manifest,
    )
    _must(reply, CREATED, f"take {repository}:{tag}", caller)


def pull_image(zot: Zot, repository: str, reference: str, *, timeout: float = 10.0) -> Pulled:
    """Pull manifest and blobs as nobody and compute every digest; of the blobs only the two smallest."""
    reply = zot.manifest(repository, reference, timeout=timeout)
    if reply.status != OK:
        return Pulled(status=reply.status)
    digest = digest_of(reply.body)
    said = reply.headers.get("docker-content-digest", digest)
    wrong = [f"{repository}:{reference} says {said[:19]}, its bytes are {digest[:19]}"] if said != digest else []
    blobs = blobs_of(reply)
    for blob in blobs:
        answer = zot.blob(repository, blob)
        if answer.status != OK:
            wrong.append(f"blob {blob[:19]}: {answer.status}")
        elif digest_of(answer.body) != blob:
            wrong.append(f"blob {blob[:19]} has other bytes")
    return Pulled(status=OK, digest=digest, blobs=len(blobs), wrong=tuple(wrong))


def blobs_of(reply: Reply) -> tuple[str, ...]:
    """The digests of a manifest's smallest blobs, smallest first; of an index none. Unreachable: it is no manifest."""
    answer: Any = reply.json()
    if not isinstance(answer, Mapping):
        return ()
    layers = answer.get("layers")
    described = [answer.get("config"), *(layers if isinstance(layers, list) else ())]
    try:
        sizes = {str(each["digest"]): int(each.get("size") or 0) for each in described if _is_blob(each)}
    except (TypeError, ValueError) as error:
        raise Unreachable(f"{reply.url} answers with a manifest whose sizes are no numbers") from error
    small = [digest for digest, size in sorted(sizes.items(), key=lambda item: item[1]) if size <= LARGE]
    return tuple(small[:ENOUGH])


def _is_blob(described: Any) -> bool:
    return isinstance(described, Mapping) and "digest" in described


def _push_blob(zot: Zot, repository: str, blob: bytes, caller: Caller) -> None:
    started = zot.send("POST", f"/v2/{repository}/blobs/uploads/", caller)
    _must(started, ACCEPTED, f"begin an upload to {repository}", caller)
    reply = zot.send(
        "PUT",
        with_digest(upload_path(zot, started), digest_of(blob)),
        caller,
        headers={"Content-Type": "application/octet-stream"},
        body=blob,
    )
    _must(reply, CREATED, f"take a blob for {repository}", caller)


def upload_path(zot: Zot, started: Reply) -> str:
    """Where an upload goes on, at the same address. Unreachable when it would go to another server."""
    where = urlsplit(urljoin(started.url, started.headers.get("location", "")))
    if where.netloc != urlsplit(zot.url).netloc and not where.path.startswith("/v2/"):
        raise Unreachable(f"{zot.url} sends an upload to {where.netloc}, where no key goes")
    return f"{where.path}?{where.query}" if where.query else where.path


def with_digest(path: str, digest: str) -> str:
    """The same path with the digest that ends an upload."""
    return f"{path}{'&' if '?' in path else '?'}digest={digest}"


def _must(reply: Reply, want: int, what: str, caller: Caller) -> None:
    if reply.status != want:
        raise ActionFailed(f"the registry does not {what} from {caller.name}: {reply.status}, not {want}")


def _tar(name: str, content: bytes) -> bytes:
    import tarfile

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
