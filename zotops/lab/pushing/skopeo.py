"""Pushing as skopeo 1.9.3 does: by the program itself, or by its sequence of requests when it is not installed."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from zotops.lab.pushing.images import Image, digest_of, write_layout
from zotops.lab.pushing.wire import Credentials, PushError, Reply, Target, Wire, location_of, open_wire, with_digest

_AGENT = "skopeo/1.9.3"
_ANONYMOUS = Credentials(user="", password="")
_SECONDS = 60
_WORDS = {
    HTTPStatus.UNAUTHORIZED: "unauthorized: authentication required",
    HTTPStatus.FORBIDDEN: "denied: requested access to the resource is denied",
}


def push_by_program(
    image: Image, target: Target, credentials: Credentials | None, *, program: str, environment: Mapping[str, str]
) -> str:
    """Run the real `skopeo copy`; the key reaches it in a private file that is gone afterwards, never in argv."""
    with tempfile.TemporaryDirectory(prefix="push-") as place:  # made with mode 0700
        folder = Path(place)
        write_layout(image, folder / "image")
        source, destination = f"oci:{folder / 'image'}", f"docker://{target}"
        login = () if credentials is None else ("--dest-authfile", _write_authfile(folder, target, credentials))
        argv = (program, "--insecure-policy", "copy", "--dest-tls-verify=false", *login, source, destination)
        done = subprocess.run(
            argv, env=dict(environment), capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False
        )
    if done.returncode:
        raise PushError(done.stderr.decode(errors="replace").strip())
    return f"pushed {target}@{image.digest}"


def push_by_sequence(image: Image, target: Target, credentials: Credentials | None) -> str:
    """Send what skopeo would send; PushError in its words otherwise."""
    with open_wire(target.registry, user_agent=_AGENT) as wire:
        client = _Client(wire, target, credentials or _ANONYMOUS)
        client.ping()
        for layer in image.layers:
            # A layer is looked for twice: could one that is there be used, and is it there before it is sent.
            if not client.has_blob(layer):
                client.push_blob(layer)
        client.push_blob(image.config)
        client.push_manifest(image)
    return f"pushed {target}@{image.digest}"


def _write_authfile(folder: Path, target: Target, credentials: Credentials) -> str:
    file = folder / "auth.json"
    login = {"auths": {target.host: {"auth": credentials.header().removeprefix("Basic ")}}}
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(login, handle)
    return str(file)


class _Client:
    def __init__(self, wire: Wire, target: Target, credentials: Credentials) -> None:
        self._wire = wire
        self._target = target
        self._credentials = credentials
        self._authorization: dict[str, str] = {}

    def ping(self) -> None:
        """Learn here, and only here, whether credentials are wanted: even a 200 may carry the challenge."""
        reply = self._wire.send("GET", "/v2/")
        if reply.asks_for_basic:
            self._authorization = {"Authorization": self._credentials.header()}
        if reply.status not in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}:
            raise self._refused(f"pinging container registry {self._target.host}", reply)

    def has_blob(self, blob: bytes) -> bool:
        digest = digest_of(blob)
        present = self._send("HEAD", self._target.path(f"blobs/{digest}"))
        if present.status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
            raise self._refused(f"checking whether a blob {digest} exists in {self._repository}", present)
        return present.status == HTTPStatus.OK

    def push_blob(self, blob: bytes) -> None:
        if self.has_blob(blob):
            return
        digest = digest_of(blob)
        uploads = self._target.path("blobs/uploads/")
        started = self._must(f"initiating layer upload to {uploads} in {self._target.host}", "POST", uploads)
        kind = {"Content-Type": "application/octet-stream"}
        sent = self._must("uploading layer chunked", "PATCH", location_of(started), body=blob, headers=kind)
        self._must("uploading layer to registry", "PUT", with_digest(location_of(sent), digest), headers=kind)

    def push_manifest(self, image: Image) -> None:
        self._must(
            f"uploading manifest {self._target.tag} to {self._repository}",
            "PUT",
            self._target.path(f"manifests/{self._target.tag}"),
            body=image.manifest,
            headers={"Content-Type": image.media_type},
        )

    @property
    def _repository(self) -> str:
        return f"{self._target.host}/{self._target.repository}"

    def _must(
        self, doing: str, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        reply = self._send(method, path, body=body, headers=headers)
        if reply.status not in {HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}:
            raise self._refused(doing, reply)
        return reply

    def _send(self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        return self._wire.send(method, path, body=body, headers={**(headers or {}), **self._authorization})

    def _refused(self, doing: str, reply: Reply) -> PushError:
        why = _WORDS.get(HTTPStatus(reply.status), f"invalid status code from registry {reply.reason}")
        return PushError(f"{doing}: {why}")
