"""The runs in the state folder: one journal file each."""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from zotops import __version__
from zotops.errors import ConfigurationIsWrong, UsageIsWrong
from zotops.journal import FIRST, Record, read
from zotops.model import Runbook
from zotops.profile import Profile
from zotops.progress import Progress, progress


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: its file, its records, and where it stands."""

    path: Path
    records: Sequence[Record]
    now: Progress

    @property
    def runbook(self) -> str:
        """Name of its runbook."""
        return str(self.now.header.get("runbook", ""))

    @property
    def registry(self) -> str:
        """Address of its registry."""
        return str(self.now.header.get("registry", ""))


def all_runs(folder: Path) -> list[Run]:
    """Every run in the state folder, oldest first. A file that cannot be replayed is an error that names it."""
    found = [_open(path) for path in (folder / "runs").glob("*.jsonl") if path.stat().st_size]
    return sorted(found, key=lambda run: run.records[0].at)


def latest(folder: Path, *, runbook: str, registry: str) -> Run | None:
    """The newest run of a runbook on a registry."""
    fitting = [run for run in all_runs(folder) if run.runbook == runbook and run.registry == registry]
    return fitting[-1] if fitting else None


def head_of(run: Run) -> str:
    """SHA-256 of the journal's last line."""
    return sha256(run.path.read_bytes().rpartition(b"\n")[0].rpartition(b"\n")[2]).hexdigest()


def find(folder: Path, run_id: str | None, registry: str) -> Run:
    """The run of that id, else the newest on that registry; UsageIsWrong when there is none."""
    runs = all_runs(folder)
    fitting = [run for run in runs if (run.now.run == run_id if run_id else run.registry == registry)]
    if not fitting:
        known = ", ".join(run.now.run for run in runs) or "none yet"
        raise UsageIsWrong(f"there is no run {run_id or 'on ' + registry}", remedy=f"runs are: {known}")
    return fitting[-1]


def new_path(folder: Path) -> tuple[str, Path]:
    """A fresh run id, four hex digits, and its file."""
    runs = folder / "runs"
    while True:
        run_id = secrets.token_hex(2)
        if not (path := runs / f"{run_id}.jsonl").exists():
            return run_id, path


def header(*, run: str, name: str, profile: Profile, texts: Mapping[str, str], runbook: Runbook) -> dict[str, Any]:
    """What a journal begins with: whose run of what, where, and the text of every step as it was then."""
    return {
        "run": run,
        "runbook": name,
        "registry": profile.registry.url,
        "profile": profile.name,
        "operator": getpass.getuser(),
        "host": socket.gethostname(),
        "version": __version__,
        **definition(profile, texts, runbook),
    }


def definition(profile: Profile, texts: Mapping[str, str], runbook: Runbook) -> dict[str, Any]:
    """What a run is held to: the profile's content, and each step's text with its fingerprint."""
    steps = [
        {"id": step.id, "fingerprint": sha256(_told(step, texts[step.id]).encode()).hexdigest(), "text": texts[step.id]}
        for step in runbook.steps
    ]
    return {"profile_content": msgspec.to_builtins(profile), "steps": steps}


def _told(step: Any, text: str) -> str:
    """Everything that a change of would be a change of the step."""
    return "\n".join([text, *map(str, step.checks), str(step.action or ""), str(step.undo or "")])


def _open(path: Path) -> Run:
    records = read(path)
    if records[0].event != FIRST:
        raise ConfigurationIsWrong(f"{path} does not begin with a run's header", remedy="move that file away")
    return Run(path=path, records=records, now=progress(records))
