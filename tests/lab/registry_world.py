"""Registries to test: the stand-in, and a real zot beside it where ZOTOPS_ZOT names one, each with a provider."""

import atexit
import copy
import functools
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from tests.contract import replay

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "tests" / "contract" / "configs"
REAL = os.environ.get("ZOTOPS_ZOT")
KINDS = ["stand-in", *(["real"] if REAL else [])]
GROUPS = {"zot-ci": ["artifact-workloads"], "alice": ["admins"], "plain": []}

Change = Callable[[dict[str, Any]], Any]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def executable(kind: str, folder: Path) -> Path:
    """The program to run as `zot`."""
    if kind == "real":
        return Path(str(REAL))
    file = folder / "zot"
    if not file.exists():
        file.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m zotops.lab.registry "$@"\n')
        file.chmod(0o755)
    return file


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
    raise AssertionError(f"nothing answers at port {port}: {process.poll()}")


@contextmanager
def provider() -> Iterator[str]:
    """An OpenID provider, the same for all tests of this process; gives its issuer."""
    yield shared_provider()


@functools.cache
def shared_provider() -> str:
    port = free_port()
    words = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(end, process)
    wait_for(port, process)
    return f"http://127.0.0.1:{port}"


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


@dataclass
class Registry:
    """A folder with a configuration, and the process that serves it."""

    kind: str
    folder: Path
    issuer: str
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        values = {"ROOT": str(self.folder), "PORT": str(self.port), "URL": self.url, "ISSUER": self.issuer}
        text = (CONFIGS / "hardened.json").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        self.configuration: dict[str, Any] = json.loads(text)
        self.write("oidc-credentials.json", {"clientid": "zot", "clientsecret": "any"})
        self.write("session-keys.json", {"hashKey": "h" * 32, "encryptKey": "e" * 32})
        self.write("config.json", self.configuration)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "zot.log").read_text()

    def write(self, name: str, value: Any) -> Path:
        """Write a file in place: the inode stays."""
        (self.folder / name).write_text(json.dumps(value))
        return self.folder / name

    def change(self, change: Change) -> "Registry":
        """Change the configuration in place."""
        changed = copy.deepcopy(self.configuration)
        change(changed)
        self.configuration = changed
        self.write("config.json", changed)
        return self

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the executable to its end."""
        program = str(executable(self.kind, self.folder))
        return subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=60)

    def serve(self) -> subprocess.Popen[bytes]:
        program = str(executable(self.kind, self.folder))
        with (self.folder / "zot.log").open("ab") as log:
            words = [program, "serve", str(self.folder / "config.json")]
            environment = {**os.environ, **self.environment}
            self.process = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
        return self.process

    def start(self) -> "Registry":
        wait_for(self.port, self.serve())
        return self

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Visitor(replay.Server):
    """Sends requests as a principal of the contract: anonymous, bogus, key:USER, session:USER."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry.url, replay.mock_login)
        self.groups = dict(GROUPS)

    def ask(self, who: Any, method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.send(method, path, headers={**self.headers_of(who), **named}, content=content)
        assert isinstance(reply, httpx.Response)
        return reply

    def push(self, who: str, repository: str, tag: str, seed: str = "a") -> dict[str, str]:
        """Push a tiny image; gives its parts."""
        scenario = replay.Scenario({}, self)
        scenario.names["run"] = seed
        assert scenario.step({"push": {"as": who, "repo": repository, "tag": tag, "image": "a"}}) == []
        parts = replay.image(f"a {seed}")
        assert isinstance(parts, dict)
        return parts


@contextmanager
def visitor(registry: Registry) -> Iterator[Visitor]:
    found = Visitor(registry)
    try:
        yield found
    finally:
        found.http.close()


def storage_hash(folder: Path) -> dict[str, str]:
    """Every file and folder with the hash of its content; `meta.db` and sessions aside."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name != "meta.db" and not name.startswith("_sessions"):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found
