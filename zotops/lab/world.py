"""Makes a practice world in a folder, and starts and stops it."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from zotops.lab import contents
from zotops.lab.jobs import environment_of
from zotops.lab.names import NAMES
from zotops.lab.state import Document

StartState = Literal["open", "half", "hardened"]
READY_WITHIN = 20.0  # seconds; about one and a half are needed
SOURCE = Path(__file__).resolve().parents[2]


class WorldError(Exception):
    """The practice world could not be started; the text says which part and where its log is."""


@dataclass(kw_only=True)
class Running:
    """A started world; leaving the `with` block, or the end of this process, ends all of it."""

    root: Path
    world: Document
    supervisor: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End every process of the world; takes less than half a second and may be called twice."""
        if self.supervisor.stdin is not None:
            self.supervisor.stdin.close()
        try:
            self.supervisor.wait(3)
        except subprocess.TimeoutExpired:
            self.supervisor.send_signal(signal.SIGKILL)
            self.supervisor.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def make(root: Path, *, state: StartState = "open", zot: Path | None = None) -> Document:
    """Lay out a world in `root`, which may not exist yet, and return its world.json; nothing is started.

    With `zot`, that program is the registry; without, the stand-in.
    """
    root = root.resolve()
    for folder in ("home", "host/zot", "host/LaunchAgents", "state", "log", "tmp", "forge"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    world = _describe(root, kind=kind_of(zot) if zot else "practice")
    (root / "world.json").write_text(json.dumps(world, indent=1) + "\n")
    contents.lay_out(world, state=state, zot=zot)
    return world


def start(root: Path) -> Running:
    """Start the world in `root`; the registry, the provider and the forge answer when this returns."""
    root = root.resolve()
    world = json.loads((root / "world.json").read_text())
    with (root / "log" / "supervisor.log").open("ab") as log:
        supervisor = subprocess.Popen(
            [world["python"], "-E", "-s", "-m", "zotops.lab.supervisor", str(root)],
            cwd=world["source"],
            env=environment_of(root),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C at the terminal is for the run, not for its world
        )
    running = Running(root=root, world=world, supervisor=supervisor)
    try:
        _wait_until_ready(running)
        contents.fill(world)
    except BaseException:
        running.stop()
        raise
    return running


def find_zot() -> Path | None:
    """The real registry: ZOTOPS_ZOT, else `zot` on the PATH, else None. WorldError when ZOTOPS_ZOT names no program."""
    if named := os.environ.get("ZOTOPS_ZOT"):
        found = shutil.which(named)
        if found is None:
            raise WorldError(f"ZOTOPS_ZOT={named} is not a program: give zot's full path, or unset it")
        return Path(found).resolve()
    found = shutil.which("zot")
    return Path(found).resolve() if found else None


def kind_of(zot: Path) -> str:
    """`zot` and its version as far as its build tells it; WorldError when it is something else."""
    done = subprocess.run([zot, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    said = done.stdout + done.stderr
    if "distribution-spec" not in said:
        raise WorldError(f"{zot} does not answer `--version` as zot does: give another one in ZOTOPS_ZOT, or unset it")
    version = re.search(r'"commit":"v?(\d+\.\d+\.\d+)', said)
    return f"zot {version[1]}" if version else "zot"


def _describe(root: Path, *, kind: str) -> Document:
    registry, provider, forge, upstream, supervisor = _free_ports(5)
    return {
        "root": str(root),
        "python": sys.executable,
        "source": str(SOURCE),
        "git": shutil.which("git") or "git",
        "registry": {**_address(registry), "kind": kind, "command": [f"{root}/host/bin/zot"]},
        "identity_provider": _address(provider),
        "forge": _address(forge),
        "upstream": _address(upstream),
        "supervisor": {"port": supervisor},
        "names": dict(NAMES),
        "secrets": {
            "client_secret": secrets.token_urlsafe(48),
            "provider_token": secrets.token_urlsafe(40),
            "forge_token": secrets.token_hex(20),
            "argocd_token": f"{secrets.token_urlsafe(24)}.{secrets.token_urlsafe(60)}.{secrets.token_urlsafe(32)}",
            "deploy_token": f"FlyV1 fm2_{secrets.token_urlsafe(40)}",
            "passwords": {NAMES[role]: secrets.token_urlsafe(12) for role in ("admin_user", "superuser", "guest")},
        },
    }


def _address(port: int) -> Document:
    return {"url": f"http://127.0.0.1:{port}", "port": port}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _wait_until_ready(running: Running) -> None:
    limit = time.monotonic() + READY_WITHIN
    waiting = ["identity_provider", "forge", "upstream", "registry"]
    while waiting:
        waiting = [part for part in waiting if not _answers(f"{running.world[part]['url']}/v2/")]
        if running.supervisor.poll() is not None or (waiting and time.monotonic() > limit):
            logs = running.root / "log"
            parts = ", ".join(part.replace("_", " ") for part in waiting)
            raise WorldError(f"the practice world does not start, no answer from: {parts}. See {logs}")
        if waiting:
            time.sleep(0.02)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
