"""Pushing as CI's two clients do, request for request: what they ask first decides whether their key is ever sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from zotops.errors import ActionFailed
from zotops.systems.zot import ANONYMOUS, Caller, Zot, digest_of
from zotops.systems.zot_image import MANIFEST, Image, upload_path, with_digest
from zotops.world import Reply

DAGGER, SKOPEO = {"User-Agent": "buildkit/v0.26"}, {"User-Agent": "skopeo/1.9.3"}
OK, CREATED, ACCEPTED, UNAUTHORIZED, NOT_THERE = 200, 201, 202, 401, 404
BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an image goes, and as whom once that is asked for."""

    zot: Zot
    repository: str
    tag: str
    caller: Caller
    agent: dict[str, str] = field(default_factory=dict)

    def send(
        self, method: str, path: str, caller: Caller, *, kind: dict[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """One request below the repository, or to a whole path."""
        whole = path if path.startswith("/") else f"/v2/{self.repository}/{path}"
        return self.zot.send(method, whole, caller, headers={**self.agent, **(kind or {})}, body=body)


@dataclass
class _Challenged:
    """Dagger's connection: nobody, until a first 401 asks for a key; from then on the caller."""

    target: Target
    caller: Caller = ANONYMOUS

    def send(self, method: str, path: str, *, kind: dict[str, str] | None = None, body: bytes = b"") -> Reply:
        reply = self.target.send(method, path, self.caller, kind=kind, body=body)
        if reply.status != UNAUTHORIZED or self.caller is not ANONYMOUS:
            return reply
        if not _asks_for_basic(reply):
            raise ActionFailed("it gives up: failed to find supported auth scheme", remedy=_CHALLENGE)
        self.caller = self.target.caller
        return self.target.send(method, path, self.caller, kind=kind, body=body)


def push_as_dagger(target: Target, image: Image) -> None:
    """As containerd's client, which BuildKit and so Dagger use: no ping, no key until a 401 asks for one.

    ActionFailed with the client's own reason when it would give up.
    """
    client = _Challenged(replace(target, agent=DAGGER))
    for blob in (image.layer, image.config):
        digest = digest_of(blob)
        if client.send("HEAD", f"blobs/{digest}").status == OK:
            continue
        started = client.send("POST", "blobs/uploads/")
        _must(started, ACCEPTED, "to the beginning of an upload")
        path = with_digest(upload_path(target.zot, started), digest)
        _must(client.send("PUT", path, kind=BYTES, body=blob), CREATED, "to a blob")
    tagged = f"manifests/{target.tag}"
    present = client.send("HEAD", tagged, kind={"Accept": f"{MANIFEST}, */*"})
    if present.status == OK and present.headers.get("docker-content-digest") == image.digest:
        return
    _must(client.send("PUT", tagged, kind={"Content-Type": MANIFEST}, body=image.manifest), CREATED, "to the manifest")


def push_as_skopeo(target: Target, image: Image) -> None:
    """As skopeo: it pings, and sends its key only if that answer asks for one, even on a 200.

    ActionFailed with the client's own reason when it would give up.
    """
    target = replace(target, agent=SKOPEO)
    ping = target.send("GET", "/v2/", ANONYMOUS)
    if ping.status not in {OK, UNAUTHORIZED}:
        raise ActionFailed(f"it gives up: {ping.status} to its ping")
    caller = target.caller if _asks_for_basic(ping) else ANONYMOUS
    # A layer is looked for twice: could one that is there be used, and is it there before it is sent.
    if not _has_blob(target, image.layer, caller):
        _send_as_skopeo(target, image.layer, caller)
    _send_as_skopeo(target, image.config, caller)
    sent = target.send("PUT", f"manifests/{target.tag}", caller, kind={"Content-Type": MANIFEST}, body=image.manifest)
    _must(sent, CREATED, "to the manifest")


def _send_as_skopeo(target: Target, blob: bytes, caller: Caller) -> None:
    if _has_blob(target, blob, caller):
        return
    started = target.send("POST", "blobs/uploads/", caller)
    if started.status == UNAUTHORIZED and caller is ANONYMOUS:
        raise ActionFailed("401: its ping was not asked for a key, so it sends none", remedy=_CHALLENGE)
    _must(started, ACCEPTED, "to the beginning of an upload")
    sent = target.send("PATCH", upload_path(target.zot, started), caller, kind=BYTES, body=blob)
    _must(sent, ACCEPTED, "to a blob's bytes")
    path = with_digest(upload_path(target.zot, sent), digest_of(blob))
    _must(target.send("PUT", path, caller, kind=BYTES), CREATED, "to a blob")


def _has_blob(target: Target, blob: bytes, caller: Caller) -> bool:
    there = target.send("HEAD", f"blobs/{digest_of(blob)}", caller).status
    if there not in {OK, NOT_THERE}:
        raise ActionFailed(f"{there} to whether a blob is there")
    return there == OK


_CHALLENGE = "let the proxy in front of the registry pass WWW-Authenticate, also on a 200"


def _asks_for_basic(reply: Reply) -> bool:
    return any(value.lower().startswith("basic") for value in reply.headers.all("www-authenticate"))


def _must(reply: Reply, want: int, what: str) -> None:
    if reply.status != want:
        raise ActionFailed(f"{reply.status}, not {want}, {what}")
