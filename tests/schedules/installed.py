"""Reads each schedule's file, and runs the very command in it, in a practice world."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.commands.verifying import INVOKE, ROOT, Done, Hardened, hardened
from zotops.lab import vault

SCHEDULES = ROOT / "schedules"
HERE = "/opt/zotops"
FOR_ISSUES = "a-token-that-opens-issues"
MODE = 0o400


@dataclass(frozen=True)
class Job:
    """What a schedule starts: its words, its variables, and which credentials in which folder, with which mode."""

    words: Sequence[str]
    environment: Mapping[str, str]
    credentials: Sequence[str] = ()
    mode: int = MODE
    handed: Mapping[str, str] = field(default_factory=dict)


def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((SCHEDULES / "forgejo" / "watch.yaml").read_text())
    return found


def cron_job() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((SCHEDULES / "kubernetes" / "watch.yaml").read_text())
    return found


def agent() -> dict[str, Any]:
    path = next((SCHEDULES / "launchd").glob("*.plist"))
    found: dict[str, Any] = plistlib.loads(path.read_bytes())
    return found


def of_forgejo() -> Job:
    step = workflow()["jobs"]["watch"]["steps"][-1]
    return Job(words=("sh", "-e", "-c", step["run"]), environment={}, handed=step["env"])


def of_systemd() -> Job:
    lines = (SCHEDULES / "systemd" / "zotops-watch.service").read_text().splitlines()
    pairs = [line.partition("=")[::2] for line in lines if "=" in line and not line.startswith("#")]
    return Job(
        words=next(value for name, value in pairs if name == "ExecStart").split(),
        environment=dict(value.split("=", 1) for name, value in pairs if name == "Environment"),
        credentials=[value.partition(":")[0] for name, value in pairs if name == "LoadCredential"],
    )


def of_launchd() -> Job:
    found = agent()
    return Job(
        words=found["ProgramArguments"],
        environment=found["EnvironmentVariables"],
        credentials=("zot-ci-api",),
        mode=0o600,
    )


def of_kubernetes() -> Job:
    pod = cron_job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    return Job(
        words=container["command"],
        environment={one["name"]: one["value"] for one in container["env"]},
        credentials=("zot-ci-api", "issue-token"),
        mode=pod["volumes"][0]["secret"]["defaultMode"],
    )


JOBS = {"forgejo": of_forgejo, "systemd": of_systemd, "launchd": of_launchd, "kubernetes": of_kubernetes}


@dataclass(frozen=True)
class Machine:
    """A machine on which zotops is installed, beside a practice world whose profile it was given."""

    world: Hardened
    folder: Path
    profile: Path

    @property
    def key(self) -> str:
        ref = self.world.profile.current_key.secret
        return vault.value_of(self.world.state.read("vault"), ref.item, ref.field) or ""

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def issues(self) -> list[str]:
        stored = self.world.state.read("forge").get("issues", {}).get("practice/platform", [])
        return [issue["title"] for issue in stored]

    def start(self, kind: str, *, without_key: bool = False, **more: str) -> Done:
        """As that scheduler starts it: with its variables and credentials, and nothing else of ours."""
        job = JOBS[kind]()
        credentials = self.folder / f"credentials-{kind}"
        shutil.rmtree(credentials, ignore_errors=True)
        credentials.mkdir()
        values = {"zot-ci-api": self.key, "issue-token": FOR_ISSUES}
        for name in () if without_key else job.credentials:
            (credentials / name).write_text(f"{values[name]}\n")
            (credentials / name).chmod(job.mode)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            **job.environment,
            **self._handed(job.handed, without_key=without_key),
            **({"CREDENTIALS_DIRECTORY": str(credentials)} if job.credentials else {}),
            "ZOTOPS_PROFILE": str(self.profile),
            "ZOTOPS_STATE": str(self.state),
            **({"ZOTOPS_METRICS": str(self.metrics)} if "ZOTOPS_METRICS" in job.environment else {}),
            **more,
        }
        done = subprocess.run(
            [self._path(word) for word in job.words],
            cwd=self.folder / "zotops",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def _handed(self, asked: Mapping[str, str], *, without_key: bool) -> dict[str, str]:
        """What Forgejo puts in the place of its expressions; a secret that is not there is empty."""
        values = {
            "${{ secrets.ZOT_CI_API_KEY }}": "" if without_key else self.key,
            "${{ github.token }}": FOR_ISSUES,
            "${{ vars.ZOTOPS_PROFILE }}": str(self.profile),
        }
        return {name: values[text] for name, text in asked.items()}

    def _path(self, word: str) -> str:
        folder = str(self.folder / "zotops")
        return word.replace(HERE, folder).replace("/Users/me/code/zotops", folder)


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A hardened world, its profile with what schedules are handed, and `inv` as it is once the environment is made."""
    with hardened(folder / "world") as world:
        names = world.profile.secrets
        with world.state.edit("forge") as document:
            document["tokens"].append({"token": FOR_ISSUES, "user": "practice", "scopes": ["write:issue"]})
        for each in ("zotops/schedules", "metrics", "state"):
            (folder / each).mkdir(parents=True)
        shutil.copy(SCHEDULES / "watch", folder / "zotops" / "schedules")
        inv = folder / "zotops" / "inv"
        inv.write_text(f'#!/bin/sh\nexec "{INVOKE}" --search-root "{ROOT}" "$@"\n')
        inv.chmod(0o755)
        profile = folder / "profile.toml"
        token = f"{names.own_item}/issue-token"
        text = (world.root / "profile.toml").read_text().replace("[forge]\n", f'[forge]\nissue_token = "{token}"\n')
        places = {
            f"{names.shared_item}/{names.key_field}": ("zot-ci-api", "ZOT_CI_API_KEY"),
            token: ("issue-token", "ZOTOPS_ISSUE_TOKEN"),
        }
        for ref, (file, variable) in places.items():
            text += f'\n[[secrets.environment]]\nref = "{ref}"\nfile = "{file}"\nvariable = "{variable}"\n'
        profile.write_text(text)
        yield Machine(world=world, folder=folder, profile=profile)
