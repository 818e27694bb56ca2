"""An upstream registry to pull through: Debian's docker-registry or the stand-in, without any rules."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.lab.registry_world import Registry, free_port, wait_for

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Source:
    """An upstream registry that takes anything from anybody."""

    url: str

    def put_blob(self, repository: str, content: bytes) -> dict[str, Any]:
        start = httpx.post(f"{self.url}/v2/{repository}/blobs/uploads/")
        place = httpx.URL(self.url).join(start.headers["location"]).copy_merge_params({"digest": digest_of(content)})
        assert httpx.put(place, content=content).status_code == 201
        return {"digest": digest_of(content), "size": len(content)}

    def put_image(self, repository: str, tag: str, seed: str) -> str:
        """Push one of Docker's own manifests; gives its digest."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "seed": seed}).encode()
        parts = {
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json"},
            "layer": {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"},
        }
        parts["config"] |= self.put_blob(repository, config)
        parts["layer"] |= self.put_blob(repository, f"layer {seed}".encode())
        manifest = {"schemaVersion": 2, "mediaType": DOCKER, "config": parts["config"], "layers": [parts["layer"]]}
        return self.put_manifest(repository, tag, DOCKER, manifest)

    def put_manifest(self, repository: str, tag: str, kind: str, manifest: dict[str, Any]) -> str:
        content = json.dumps(manifest, indent=3).encode()
        place = f"{self.url}/v2/{repository}/manifests/{tag}"
        assert httpx.put(place, content=content, headers={"Content-Type": kind}).status_code == 201
        return digest_of(content)


@contextmanager
def source(kind: str, folder: Path) -> Iterator[tuple[Source, subprocess.Popen[bytes]]]:
    folder.mkdir()
    if kind == "stand-in":
        upstream = Registry("stand-in", folder, "")
        upstream.change(lambda c: [c["http"].pop(key) for key in ("auth", "accessControl")])
        with upstream:
            assert upstream.process is not None
            yield Source(upstream.url), upstream.process
        return
    port = free_port()
    storage = f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}"
    (folder / "c.yml").write_text(f"version: 0.1\n{storage}\nhttp: {{addr: '127.0.0.1:{port}'}}\n")
    words = ["docker-registry", "serve", str(folder / "c.yml")]
    with (folder / "log").open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            wait_for(port, process)
            yield Source(f"http://127.0.0.1:{port}"), process
        finally:
            process.terminate()
