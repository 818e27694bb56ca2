"""One server of the practice world as launchd sees it: a label, a command, a process, and whether to keep it alive."""

from __future__ import annotations

import os
import plistlib
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zotops.lab.state import Document

THROTTLE = 0.2  # seconds between an exit and the restart; launchd itself takes ten
DYING = ("/bin/sh", "-c", "echo 'practice fault: the registry dies when it starts' >&2; exit 1")


@dataclass(kw_only=True)
class Job:
    """A loaded job; `last_exit` is the exit code, or minus the signal's number, as subprocess counts."""

    label: str
    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str]
    output: Path
    errors: Path
    keep_alive: bool = True
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    last_exit: int | None = None
    restart_at: float | None = None
    plist: dict[str, Any] = field(default_factory=dict)
    lifeline: int = subprocess.DEVNULL

    @classmethod
    def of_server(cls, server: Document, world: Path, lifeline: int) -> Job:
        """A server of the lab itself, from servers.json: label, command and folder.

        Its stdin is `lifeline`, a pipe that closes when the supervisor is gone, even if that was killed.
        """
        log = world / "log" / f"{server['label']}.log"
        return cls(
            label=server["label"],
            command=tuple(server["command"]),
            folder=Path(server["folder"]),
            environment=environment_of(world) | server.get("environment", {}),
            output=log,
            errors=log,
            lifeline=lifeline,
        )

    @classmethod
    def of_plist(cls, path: Path, world: Path) -> Job:
        """A launch agent, from its property list (launchd.plist(5))."""
        plist = plistlib.loads(path.read_bytes())
        log = world / "log" / f"{plist['Label']}.log"
        return cls(
            label=plist["Label"],
            command=tuple(plist["ProgramArguments"]),
            folder=world / "host",
            environment=environment_of(world) | plist.get("EnvironmentVariables", {}),
            output=Path(plist.get("StandardOutPath", log)),
            errors=Path(plist.get("StandardErrorPath", log)),
            keep_alive=bool(plist.get("KeepAlive")),
            plist=plist,
        )

    def start(self, *, dies: bool = False) -> None:
        """Start the command in a session of its own; with `dies`, something that fails at once in its place."""
        self.restart_at = None
        self.started = time.time()
        with self.output.open("ab") as output, self.errors.open("ab") as errors:
            try:
                self.process = subprocess.Popen(
                    DYING if dies else self.command,
                    cwd=self.folder,
                    env=self.environment,
                    stdin=self.lifeline,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as problem:
                errors.write(f"{self.label}: {problem}\n".encode())
                self._has_ended(78)

    def runs(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def reap(self) -> bool:
        """Collect the process if it has ended; True when that is news."""
        if self.process is None or self.process.poll() is None:
            return False
        self._has_ended(self.process.returncode)
        return True

    def restart_when_due(self, *, dies: bool) -> bool:
        """Start again after the throttle; True when it was started."""
        if self.restart_at is None or time.monotonic() < self.restart_at:
            return False
        self.start(dies=dies)
        return True

    def status(self) -> Document:
        """The job for processes.json and for `launchctl list`."""
        shown: Document = {
            key: self.plist[key] for key in ("StandardOutPath", "StandardErrorPath") if key in self.plist
        }
        return {
            "pid": self.process.pid if self.process is not None and self.runs() else None,
            "started": self.started,
            "last_exit": self.last_exit,
            "command": list(self.command),
            "agent": bool(self.plist),
            **shown,
        }

    def _has_ended(self, exit_code: int) -> None:
        self.process = None
        self.last_exit = exit_code
        self.restart_at = time.monotonic() + THROTTLE if self.keep_alive else None


def environment_of(world: Path) -> dict[str, str]:
    """All that a server of the world sees of its surroundings."""
    return {
        "PATH": str(world / "bin"),
        "HOME": str(world / "home"),
        "TMPDIR": str(world / "tmp"),
        "LANG": "C.UTF-8",
        "ZOTOPS_LAB_WORLD": str(world),
    }


def end_all(jobs: list[Job], *, patience: float = 0.25) -> None:
    """End the jobs with everything that they started: SIGTERM, and SIGKILL after `patience` seconds."""
    for job in jobs:
        job.restart_at = None
        _signal(job, signal.SIGTERM)
    limit = time.monotonic() + patience
    for job in jobs:
        if job.process is None:
            continue
        with suppress(subprocess.TimeoutExpired):
            job.process.wait(max(0.0, limit - time.monotonic()))
        _signal(job, signal.SIGKILL)  # also what the process left behind in its session
        job.last_exit = job.process.wait()
        job.process = None


def _signal(job: Job, number: int) -> None:
    if job.process is None:
        return
    try:
        os.killpg(job.process.pid, number)
    except (ProcessLookupError, PermissionError):  # nobody left; macOS says EPERM for a group of zombies
        return
