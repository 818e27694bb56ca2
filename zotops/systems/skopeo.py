"""The real skopeo: one copy of an image to a registry, its key in a private file that is gone afterwards."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from zotops.errors import ActionFailed
from zotops.systems.push_clients import Target
from zotops.systems.zot import digest_of
from zotops.systems.zot_image import MANIFEST, Image
from zotops.world import Programs, Secret

PROGRAM = "skopeo"


def push_by_skopeo(programs: Programs, target: Target, image: Image) -> None:
    """`skopeo copy`; ActionFailed with its last line. It takes a key from nothing but a file or its arguments."""
    host = urlsplit(target.zot.url).netloc
    with tempfile.TemporaryDirectory(prefix="zotops-") as place:  # made with mode 0700
        folder = Path(place)
        _write_layout(folder / "image", image)
        login = target.caller.headers["Authorization"]
        _write_private(folder / "auth.json", Secret(json.dumps(_auth(host, login))))
        secure = "true" if target.zot.url.startswith("https://") else "false"
        done = programs.run(
            (
                *(PROGRAM, "--insecure-policy", "copy", "--preserve-digests", f"--dest-tls-verify={secure}"),
                *("--dest-authfile", str(folder / "auth.json")),
                *(f"oci:{folder}/image", f"docker://{host}/{target.repository}:{target.tag}"),
            )
        )
    if done.code:
        said = (done.err.strip() or done.out.strip()).splitlines()[-1:]
        raise ActionFailed(f"skopeo ended with {done.code}: {said[0][-200:] if said else 'without a word'}")


def _auth(host: str, login: Secret) -> dict[str, dict[str, dict[str, str]]]:
    return {"auths": {host: {"auth": login.reveal().removeprefix("Basic ")}}}


def _write_private(path: Path, text: Secret) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text.reveal())


def _write_layout(folder: Path, image: Image) -> None:
    """An OCI image layout (image-spec, section "Image Layout")."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in (image.config, image.layer, image.manifest):
        (blobs / digest_of(content).removeprefix("sha256:")).write_bytes(content)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    described = {"mediaType": MANIFEST, "digest": image.digest, "size": len(image.manifest)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
