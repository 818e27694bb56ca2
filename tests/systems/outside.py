"""Worlds for tests of systems, checks and actions: the real doors, a safe in memory, a server that is a table."""

import atexit
import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from zotops.doors import RealClock, RealHttp, RealPrograms
from zotops.errors import ActionFailed
from zotops.lab import world as lab
from zotops.lab.names import NAMES
from zotops.lab.profile import profile_text
from zotops.lab.state import State
from zotops.profile import Profile
from zotops.profile_file import read_profile
from zotops.redaction import Redactor
from zotops.world import Secret, SecretRef, World

# One client for all tests of a process, as for all checks of a run; a new one costs 50 ms.
HTTP = RealHttp(Redactor())
atexit.register(HTTP.close)

KEY = "zak_" + "0123456789abcdef" * 2
UNUSED = re.compile(r"zotops-unused-[0-9a-f]+")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}(?=\?tag=)")

# What a table may say of an answer: its status alone, or status and body, or all three.
Answer = int | tuple[int, Any] | tuple[int, Any, Mapping[str, str]]
Table = Mapping[str, Answer]


@dataclass
class Safe:
    """A secret store in memory that can be told to refuse."""

    fields: dict[SecretRef, str] = field(default_factory=dict)
    refuses: bool = False

    def read(self, ref: SecretRef) -> Secret:
        return Secret(self.fields.get(ref, ""))

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        if self.refuses:
            raise ActionFailed("the safe is locked")
        for name, secret in fields.items():
            self.fields[SecretRef(item, name)] = secret.reveal() if secret else ""

    def fingerprints(self, item: str) -> dict[str, str]:
        return {ref.field: self.fingerprint(Secret(value)) for ref, value in self.fields.items() if ref.item == item}

    def fingerprint(self, secret: Secret) -> str:
        return hashlib.sha256(b"test" + secret.reveal().encode()).hexdigest() if secret else ""


class QuickClock(RealClock):
    """The real time, but nobody waits."""

    def sleep(self, seconds: float) -> None:
        del seconds


class Tabled(BaseHTTPRequestHandler):
    """Answers from its server's table; the most particular line wins.

    A line is `WHO METHOD PATH` or `METHOD PATH`; WHO is nobody, empty (`Basic Og==`), key (CI's own), other. An unused
    tag is written `unused`, the digest of a `?tag=` push `digest`. What no line says is 404.
    """

    def answer(self) -> None:
        server = self.server
        assert isinstance(server, TableServer)
        path = DIGEST.sub("digest", UNUSED.sub("unused", self.path))
        self.rfile.read(int(self.headers.get("content-length") or 0))
        line = f"{self.command} {path}"
        server.seen.append((f"{self.who()} {line}", dict(self.headers)))
        server.before_answer(line)
        found = server.table.get(f"{self.who()} {line}", server.table.get(line, 404))
        status, body, headers = (*found, {}, {})[:3] if isinstance(found, tuple) else (found, b"", {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body not in ({}, b"") else b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def who(self) -> str:
        sent = self.headers.get("Authorization", "")
        known = {"": "nobody", "Basic Og==": "empty", basic("zot-ci", KEY): "key"}
        return known.get(sent, "other")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class TableServer(ThreadingHTTPServer):
    """A server with a table, and what it was asked. `before_answer`: what happens when it is asked that line."""

    daemon_threads = True
    # As many may come at once; one that finds no place tries again a second later.
    request_queue_size = 64

    def __init__(self, table: Table) -> None:
        super().__init__(("127.0.0.1", 0), Tabled)
        self.table = dict(table)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.before_answer: Callable[[str], None] = lambda _: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def basic(user: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


@contextmanager
def tabled(table: Table) -> Iterator[TableServer]:
    """A server that answers from a table, on a free port."""
    server = TableServer(table)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def nobody_listens() -> str:
    """An address at which nothing answers."""
    with TableServer({}) as server:
        return server.url


def profile_of(folder: Path, *, registry: str, provider: str = "http://127.0.0.1:9", forge: str = "") -> Profile:
    """The practice world's ordinary profile, leading to these addresses."""
    world = {
        "root": str(folder),
        "names": dict(NAMES),
        "registry": {"url": registry},
        "identity_provider": {"url": provider},
        "forge": {"url": forge or provider},
    }
    path = folder / "profile.toml"
    path.write_text(profile_text(world))
    return read_profile(path)


def world_of(profile: Profile, safe: Safe, registered: list[str] | None = None) -> World:
    """The real doors, with a safe in place of the vault."""
    redactor = Redactor()
    heard: list[str] = [] if registered is None else registered

    def register(secret: Secret) -> None:
        heard.append(secret.reveal())
        redactor.register(secret)

    programs = profile.programs
    return World(
        http=HTTP,
        programs=RealPrograms(
            redactor,
            search_path=programs.search_path,
            environment=programs.environment,
            directory=programs.directory,
        ),
        secrets=safe,
        clock=QuickClock(),
        register=register,
    )


@dataclass
class Place:
    """A practice world with the profile that leads into it, and zotops' view of it."""

    lab: lab.Running
    profile: Profile
    safe: Safe
    world: World
    told: list[tuple[str, str]]
    registered: list[str]

    @property
    def state(self) -> State:
        return State(self.lab.root / "state")

    def change_config(self, change: Any) -> None:
        """Edit the registry's accessControl in place: it is taken over without a restart."""
        path = self.lab.root / "host" / "zot" / "config.json"
        config = json.loads(path.read_text())
        change(config)
        path.write_text(json.dumps(config, indent=2))


@contextmanager
def practice(root: Path, state: Any) -> Iterator[Place]:
    """A practice world in that start state, and everything that looks at it."""
    lab.make(root, state=state)
    with lab.start(root) as running:
        profile = read_profile(root / "profile.toml")
        safe = Safe(_vault_fields(State(root / "state")))
        told: list[tuple[str, str]] = []
        registered: list[str] = []
        world = replace(world_of(profile, safe, registered), tell=lambda what, result: told.append((what, result)))
        yield Place(lab=running, profile=profile, safe=safe, world=world, told=told, registered=registered)


def _vault_fields(documents: State) -> dict[SecretRef, str]:
    found: dict[SecretRef, str] = {}
    for item_id, item in documents.read("vault")["items"].items():
        for each in item["fields"]:
            found[SecretRef(item_id, each.get("label", each.get("id", "")))] = str(each.get("value") or "")
    return found
