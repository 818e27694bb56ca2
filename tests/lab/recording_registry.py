"""A registry of a hundred lines that keeps every request: anonymous may read, the key may create and not overwrite."""

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ANONYMOUS = "Basic " + base64.b64encode(b":").decode()


@dataclass(kw_only=True)
class Registry:
    """What the registry holds, whom it lets in, and what it was asked."""

    key: tuple[str, str] | None = None
    challenges: bool = True
    url: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)

    def empty(self) -> None:
        """Forget all images and requests."""
        for kept in (self.blobs, self.manifests, self.requests):
            kept.clear()

    def asked(self) -> list[str]:
        """The requests in short, a star where credentials came along (two for the anonymous ones)."""
        marks = {"": "", ANONYMOUS: " **"}
        return [f"{method} {_short(path)}{marks.get(login, ' *')}" for method, path, login in self.requests]

    def tags(self, repository: str) -> set[str]:
        return {name.rpartition("/manifests/")[2] for name in self.manifests if name.startswith(f"/v2/{repository}/")}


def _short(path: str) -> str:
    path = re.sub(r"sha256(:|%3A)[0-9a-f]{64}", "D", path.replace("/blobs/uploads/here", "/blobs/uploads/U"))
    return re.sub(r"^/v2/.*?/(?=blobs|manifests)", "", path)


@contextlib.contextmanager
def recording_registry(**settings: Any) -> Iterator[Registry]:
    registry = Registry(**settings)

    class Handler(_Handler):
        state = registry

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    registry.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Registry

    def do_any(self) -> None:
        path, _, query = self.path.partition("?")
        body = self._body()
        login = self.headers.get("Authorization", "")
        self.state.requests.append((self.command, self.path, login))
        if not self._let_in(path, login):
            return
        if path == "/v2/":
            self._answer(200)
        elif "/blobs/uploads/" in path:
            self._upload(path, body, parse_qs(query).get("digest"))
        elif "/blobs/" in path:
            self._answer(200 if path.rpartition("/")[2] in self.state.blobs else 404)
        else:
            self._manifest(path, body)

    def __getattr__(self, name: str) -> Any:
        """Every method of HTTP is handled alike."""
        if name.startswith("do_"):
            return self.do_any
        raise AttributeError(name)

    def _let_in(self, path: str, login: str) -> bool:
        if self.state.key is None:
            return True
        right = "Basic " + base64.b64encode(":".join(self.state.key).encode()).decode()
        reads = self.command in {"GET", "HEAD"}
        if login == right:
            if reads or "/manifests/" not in path or path not in self.state.manifests:
                return True
            self._answer(403, error="DENIED", words="requested access to the resource is denied")
            return False
        if login in {"", ANONYMOUS} and reads:
            return True
        self._answer(401, error="UNAUTHORIZED", words="authentication required")
        return False

    def _upload(self, path: str, body: bytes, digest: list[str] | None) -> None:
        repository = path.partition("/blobs/")[0]
        if self.command == "POST":
            self._answer(202, Location=f"{repository}/blobs/uploads/here")
        elif self.command == "PATCH":
            self.state.blobs["sent"] = body
            self._answer(202, Location=f"{repository}/blobs/uploads/here", Range=f"0-{len(body) - 1}")
        elif digest:
            content = body or self.state.blobs.pop("sent")
            assert digest == ["sha256:" + hashlib.sha256(content).hexdigest()]
            self.state.blobs[digest[0]] = content
            self._answer(201, Location=f"{repository}/blobs/{digest[0]}")

    def _manifest(self, path: str, body: bytes) -> None:
        if self.command == "PUT":
            manifest = json.loads(body)
            assert all(part["digest"] in self.state.blobs for part in (manifest["config"], *manifest["layers"]))
            self.state.manifests[path] = (self.headers["Content-Type"], body)
            self._answer(201)
        elif path in self.state.manifests:
            kind, content = self.state.manifests[path]
            digest = "sha256:" + hashlib.sha256(content).hexdigest()
            self._answer(200, **{"Content-Type": kind, "Docker-Content-Digest": digest})
        else:
            self._answer(404)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _answer(self, status: int, *, error: str = "", words: str = "", **headers: str) -> None:
        content = (
            json.dumps({"errors": [{"code": error, "message": words, "detail": {"about": self.path}}]}).encode()
            if error
            else b""
        )
        self.send_response(status)
        if (
            self.state.key is not None
            and self.state.challenges
            and (status == 401 or urlsplit(self.path).path == "/v2/")
        ):
            self.send_header("WWW-Authenticate", 'Basic realm="zot"')
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay silent."""
