"""Pushing as Dagger's client (containerd's) does: no ping, and credentials only once they were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from zotops.lab.pushing.images import Image, digest_of
from zotops.lab.pushing.wire import Credentials, PushError, Reply, Target, Wire, location_of, open_wire, with_digest

_AGENT = "buildkit/v0.26"


def push(image: Image, target: Target, credentials: Credentials | None) -> str:
    """Push and return a line of what was done; PushError with the client's words otherwise."""
    with open_wire(target.registry, user_agent=_AGENT) as wire:
        client = _Client(wire, target, credentials)
        for blob in image.blobs:
            client.push_blob(blob)
        return client.push_manifest(image)


class _Client:
    def __init__(self, wire: Wire, target: Target, credentials: Credentials | None) -> None:
        self._wire = wire
        self._target = target
        self._credentials = credentials
        self._authorization: dict[str, str] = {}

    def push_blob(self, blob: bytes) -> None:
        digest = digest_of(blob)
        if self._send("HEAD", self._target.path(f"blobs/{digest}")).status == HTTPStatus.OK:
            return
        started = self._must("POST", self._target.path("blobs/uploads/"), HTTPStatus.ACCEPTED)
        kind = {"Content-Type": "application/octet-stream"}
        self._must("PUT", with_digest(location_of(started), digest), HTTPStatus.CREATED, body=blob, headers=kind)

    def push_manifest(self, image: Image) -> str:
        path = self._target.path(f"manifests/{self._target.tag}")
        present = self._send("HEAD", path, headers={"Accept": f"{image.media_type}, */*"})
        if present.status == HTTPStatus.OK and present.headers.get("docker-content-digest") == image.digest:
            return f"{self._target}@{image.digest} is already there"
        self._must("PUT", path, HTTPStatus.CREATED, body=image.manifest, headers={"Content-Type": image.media_type})
        return f"pushed {self._target}@{image.digest}"

    def _must(
        self, method: str, path: str, wanted: HTTPStatus, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        reply = self._send(method, path, body=body, headers=headers)
        if reply.status != wanted:
            address = self._target.registry + path.partition("?")[0]
            raise self._refused(f"unexpected status from {method} request to {address}: {reply.reason}")
        return reply

    def _send(self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        reply = self._wire.send(method, path, body=body, headers={**(headers or {}), **self._authorization})
        if reply.status != HTTPStatus.UNAUTHORIZED or self._authorization:
            return reply
        # From the first challenge on, every request of this connection carries the credentials.
        if not reply.asks_for_basic:
            raise self._refused("failed to find supported auth scheme: not implemented")
        if self._credentials is None or not self._credentials.password:
            raise self._refused("authorization failed: no basic auth credentials")
        self._authorization = {"Authorization": self._credentials.header()}
        return self._wire.send(method, path, body=body, headers={**(headers or {}), **self._authorization})

    def _refused(self, why: str) -> PushError:
        return PushError(f"failed to push {self._target}: {why}")
