"""A practice world started as another program starts it, and the commands that are typed beside it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from zotops.lab.state import State

ROOT = Path(__file__).parents[2]
INVOKE = (str(Path(sys.executable).parent / "invoke"), "--search-root", str(ROOT))
READY_WITHIN = 60
# What looking changes all the same: who looked, what was looked at, and the processes, which come and go by themselves.
MOVING = ("calls", "processes")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A started world; the operator's own state, home and temporary files lie in `folder`."""

    folder: Path
    ready: Mapping[str, Any]
    more: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = INVOKE
    procedure: str = "deploy"

    @property
    def root(self) -> Path:
        return Path(self.ready["root"])

    @property
    def profile(self) -> Path:
        return Path(self.ready["profile"])

    @property
    def kept(self) -> Path:
        """The operator's state folder."""
        return self.folder / "state"

    @property
    def world(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "world.json").read_text())
        return found

    @property
    def state(self) -> State:
        return State(self.root / "state")

    @property
    def environment(self) -> dict[str, str]:
        """What a command gets; the temporary files are where a test can look for what was left behind."""
        places = {"ZOTOPS_STATE": self.kept, "HOME": self.folder / "home", "TMPDIR": self.folder / "tmp"}
        for name in ("HOME", "TMPDIR"):
            places[name].mkdir(exist_ok=True)
        return {**os.environ, **{name: str(place) for name, place in places.items()}, **self.more}

    def start(self, *words: str, profile: Path | None = None, stdin: Any = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Begin `invoke deploy`, or another runbook, with these words, for this world's profile, without a terminal."""
        return subprocess.Popen(
            [*self.command, self.procedure, "--profile", str(profile or self.profile), *words],
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def deploy(self, *words: str, profile: Path | None = None, feed: str | None = None) -> Done:
        """`invoke deploy` to its end; `feed` is what a pipe brings, without it stdin is /dev/null."""
        with self.start(*words, profile=profile, stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE) as run:
            out, err = run.communicate(feed, timeout=280)
        return Done(run.returncode, out, err)

    def invoke(self, *words: str) -> Done:
        """Any other command, to its end."""
        done = subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def with_profile(self, **changes: str) -> Path:
        """The world's profile with lines exchanged: `steps="[]"` replaces the line `steps = …`."""
        text = self.profile.read_text()
        for key, value in changes.items():
            line = f"{key} = {value}".replace("\\", r"\\")
            text, count = re.subn(rf"(?m)^{key} = .*$", line, text)
            assert count == 1, f"{key} stands {count} times in the profile"
        path = self.folder / "profile.toml"
        path.write_text(text)
        return path

    def calls(self, program: str = "") -> list[dict[str, Any]]:
        """Every recorded call of an executable of the world."""
        lines = (self.root / "state" / "calls.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines if f'"program": "{program}' in line]  # decoding costs most
        return [call for call in found if program in ("", call["program"])]

    def journals(self) -> list[Path]:
        return sorted((self.kept / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)

    def records(self) -> list[dict[str, Any]]:
        """The records of the newest run; a last line without its newline never happened."""
        lines = self.journals()[-1].read_bytes().split(b"\n")[:-1] if self.journals() else []
        return [json.loads(line) for line in lines]

    def events(self) -> list[str]:
        """`step event` of every record but the looks."""
        return [f"{r['step']} {r['event']}".strip() for r in self.records() if r["event"] != "check-made"]

    def kinds(self) -> dict[str, str]:
        """How each step ended, by its id."""
        return {r["step"]: r["data"]["kind"] for r in self.records() if r["event"] == "step-done"}

    def seen(self) -> dict[str, str]:
        """Everything in the world that a run could change: documents, configuration, stored images; path to content."""
        host = self.root / "host" / "zot"
        found = {path.name: path.read_text() for path in sorted(host.glob("*.json*"))}
        for path in sorted((self.root / "state").glob("*.json")):
            if path.stem not in MOVING:
                found[f"state/{path.name}"] = json.dumps(without_looks(json.loads(path.read_text())), indent=1)
        images = [path for path in sorted((host / "data").rglob("*")) if path.is_file() and is_image(path)]
        return found | {str(path.relative_to(host)): sha256(path.read_bytes()).hexdigest() for path in images}


def is_image(path: Path) -> bool:
    """Whether a file of the registry's storage belongs to an image; a login that is begun leaves a session."""
    return path.suffix != ".db" and "_sessions" not in path.parts


def without_looks(document: Any) -> Any:
    """A document without what ArgoCD notes down by itself when it is asked: when it last compared, and with what."""
    if isinstance(document, dict):
        noted = ("reconciled_at", "compared_with")
        return {key: without_looks(value) for key, value in document.items() if key not in noted}
    return document


@contextmanager
def started(folder: Path, *words: str) -> Iterator[Desk]:
    """A world of its own, by `invoke lab`; it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    with (folder / "lab.log").open("wb") as log:
        lab = subprocess.Popen(
            [*INVOKE, "lab", "--ready-file", str(ready), *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            until = time.monotonic() + READY_WITHIN
            while not ready.exists():
                assert lab.poll() is None, (folder / "lab.log").read_text()
                assert time.monotonic() < until, f"no world within {READY_WITHIN} s: {(folder / 'lab.log').read_text()}"
                time.sleep(0.02)
            yield Desk(folder=folder, ready=json.loads(ready.read_text()))
        finally:
            lab.send_signal(signal.SIGTERM)
            try:
                lab.wait(10)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(lab.pid, signal.SIGKILL)


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The names of what is not as it was."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
