"""Keeps the practice world's servers running as launchd would, and ends all of them with itself."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zotops.lab.jobs import Job, end_all
from zotops.lab.state import Document, State

Answer = dict[str, Any]


class Supervisor:
    """Starts jobs, restarts those to be kept alive, and answers `launchctl`: one JSON line each way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world: Document = json.loads((folder / "world.json").read_text())
        self.state = State(folder / "state")
        self.jobs: dict[str, Job] = {}
        self.ending = False
        self.lifeline, self._kept_open = os.pipe()
        self.held = sorted((folder / "host" / "LaunchAgents").glob("*.plist"))

    def run(self) -> None:
        """Serve until standard input closes or SIGTERM arrives."""
        wake = self._wake_on_signals()
        with socket.create_server(("127.0.0.1", self.world["supervisor"]["port"])) as listener:
            events = selectors.DefaultSelector()
            events.register(listener, selectors.EVENT_READ, self._answer)
            events.register(wake, selectors.EVENT_READ, lambda _: wake.recv(4096))
            events.register(sys.stdin, selectors.EVENT_READ, self._on_stdin)
            try:
                self._start_servers()
                while not self.ending:
                    for key, _ in events.select(self._patience()):
                        key.data(key.fileobj)
                    self._tend()
            finally:
                end_all(list(self.jobs.values()))
                self._note()

    def _wake_on_signals(self) -> socket.socket:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno())
        self._writer = writer  # kept open as long as the supervisor lives
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        return reader

    def _end(self, *_: object) -> None:
        self.ending = True

    def _on_stdin(self, _: object) -> None:
        # The pipe closes when the one who started the world is gone, however it went.
        if not os.read(0, 4096):
            self.ending = True

    def _start_servers(self) -> None:
        for server in json.loads((self.folder / "servers.json").read_text()):
            job = Job.of_server(server, self.folder, self.lifeline)
            self.jobs[job.label] = job
            job.start()
        self._load_agents()

    def _load_agents(self) -> None:
        """Load the launch agents; a registry that asks for a login waits for the provider, or it would die at once."""
        config = self.folder / "host" / "zot" / "config.json"
        if self.held and ('"openid"' not in config.read_text() or self._provider_answers()):
            for plist in self.held:
                self._load({"path": str(plist)})
            self.held = []
        self._note()

    def _provider_answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.world["identity_provider"]["port"]), timeout=0.2).close()
        except OSError:
            return False
        return True

    def _patience(self) -> float | None:
        if self.held:
            return 0.02
        due = [job.restart_at for job in self.jobs.values() if job.restart_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _tend(self) -> None:
        if self.held:
            self._load_agents()
        changes = [job.reap() or job.restart_when_due(dies=self._dies(job)) for job in list(self.jobs.values())]
        if any(changes):
            self._note()

    def _dies(self, job: Job) -> bool:
        is_registry = job.label == self.world["names"]["service"]
        return is_registry and bool(self.state.read("quirks").get("registry", {}).get("die_on_start"))

    def _note(self) -> None:
        with self.state.edit("processes") as document:
            document.clear()
            document.update({label: job.status() for label, job in self.jobs.items()})

    def _answer(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(1)
            try:
                request = json.loads(connection.makefile("rb").readline())
                connection.sendall(json.dumps(self._handle(request)).encode() + b"\n")
            except (OSError, ValueError):
                return  # a client that went away or talked nonsense is no reason to stop the world

    def _handle(self, request: Document) -> Answer:
        asked: dict[str, Callable[[Document], Answer]] = {
            "list": lambda _: {"ok": True, "jobs": {label: job.status() for label, job in self.jobs.items()}},
            "load": self._load,
            "unload": self._unload,
            "kickstart": self._kickstart,
            "stop": self._stop,
        }
        answer = asked[request["ask"]](request)
        self._note()
        return answer

    def _load(self, request: Document) -> Answer:
        path = Path(request["path"])
        if not path.exists():
            return {"ok": False, "why": "missing"}
        job = Job.of_plist(path, self.folder)
        if job.label in self.jobs:
            return {"ok": False, "why": "already"}
        self.jobs[job.label] = job
        job.start(dies=self._dies(job))
        return {"ok": True}

    def _unload(self, request: Document) -> Answer:
        path = Path(request["path"])
        if not path.exists():
            return {"ok": False, "why": "missing"}
        job = self.jobs.pop(Job.of_plist(path, self.folder).label, None)
        if job is None:
            return {"ok": False, "why": "not loaded"}
        end_all([job], patience=2.0)
        return {"ok": True}

    def _stop(self, request: Document) -> Answer:
        """End one of the lab's own servers for good; no launchctl asks this, only a fault."""
        job = self.jobs.pop(request["label"], None)
        if job is None:
            return {"ok": False, "why": "not loaded"}
        end_all([job], patience=2.0)
        return {"ok": True}

    def _kickstart(self, request: Document) -> Answer:
        job = self.jobs.get(request["label"])
        if job is None:
            return {"ok": False, "why": "not loaded"}
        if request["kill"]:
            end_all([job], patience=2.0)
        if not job.runs():
            job.start(dies=self._dies(job))
        return {"ok": True}


if __name__ == "__main__":
    Supervisor(Path(sys.argv[1])).run()
