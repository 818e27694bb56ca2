"""Does by hand what the runbook's instructions say, in the practice world, as a person with a shell and a browser."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zotops.lab import first_key, rotating, vault
from zotops.lab.checkout import commits
from zotops.lab.key_by_hand import key_by_hand
from zotops.lab.provisioning import zot_config
from zotops.lab.pushing import push_image
from zotops.lab.sign_in import sign_in_with_password
from zotops.lab.state import State

VERSION = "0.1.0"


class Hands:
    """A person's hands in one world; `state/quirks.json` under "operator" says which mistakes they make."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.world: dict[str, Any] = json.loads((root / "world.json").read_text())
        self.names: dict[str, str] = self.world["names"]
        self.state = State(root / "state")
        self.pushed = ("", "")
        # What stands above the instructions: facts of the run, by their names.
        self.known: dict[str, str] = {}

    def do(self, step: str) -> None:
        """Everything that the instructions of a step say; nothing where they ask for nothing."""
        by_hand: dict[str, Callable[[], None]] = {
            "deploy-blueprint": self.sync_blueprint,
            "deploy-zot": self.deploy_registry,
            "store-ci-key": self.store_key,
            "sync-forge-secrets": self.sync_secrets,
            "promote": lambda: rotating.promote(self.world, self.mistakes),
            "revoke": lambda: rotating.revoke(self.world, self.known.get("old-key-id", "")),
            "end-others": lambda: rotating.end_others(self.world, self.known["key-id"]),
            "arm": lambda: rotating.arm(self.world, self.mistakes, self.known),
        }
        by_hand.get(step, lambda: None)()

    def answer(self, question: str) -> str:
        """What the person types; for a key or a commit they first do what the instructions say."""
        answers: dict[str, Callable[[], str]] = {
            "reason": lambda: "practice",
            "pasted-key": lambda: key_by_hand(self.world, self.state.read("vault"), self.mistakes),
            "build-commit": self.build,
            "recap": self.sync_and_read_recap,
            "signed-in-and-back": self.signed_in,
            "scratch-tag": self.push_scratch,
            "scratch-digest": lambda: self.pushed[1],
            "pulled-through-docker.io": lambda: self.pull("docker.io/library/busybox", "1.36"),
            "services-of-registry": self.services,
        }
        return answers[question]()

    @property
    def mistakes(self) -> dict[str, Any]:
        """Which mistakes this person makes; none, unless a fault says so."""
        found: dict[str, Any] = self.state.read("quirks").get("operator", {})
        return found

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in the checkout, with what the profile gives to programs."""
        programs = tomllib.loads((self.root / "profile.toml").read_text())["programs"]
        return subprocess.run(
            [f"{programs['search_path']}/{words[0]}", *words[1:]],
            cwd=programs["directory"],
            env={**programs["environment"], "PATH": programs["search_path"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def provision(self, tag: str) -> str:
        """Run the playbook as a person does; what it printed."""
        done = self.run("mise", "run", "provision-indri", "--", "--tags", tag)
        _wait_for(f"{self.world['registry']['url']}/livez", seconds=3)
        return done.stdout

    def deploy_registry(self) -> None:
        """Provision the registry; "edits_in_place": write the rules into the running registry's file instead."""
        if self.mistakes.get("edits_in_place"):
            (self.root / "host" / "zot" / "config.json").write_text(zot_config.hardened_config(self.world))
            time.sleep(0.5)
        else:
            self.provision("zot")

    def sync_secrets(self) -> None:
        """Provision the forge's secrets; "mistypes_tag": by a tag that matches nothing, which ends well, too."""
        self.provision("forgejo_action_secrets" if self.mistakes.get("mistypes_tag") else "forgejo_actions_secrets")

    def sync_and_read_recap(self) -> str:
        """Provision the forge's secrets, and read the host's line at the end."""
        printed = re.sub(r"\x1b\[[0-9;]*m", "", self.provision("forgejo_actions_secrets"))
        lines = [line for line in printed.splitlines() if "unreachable=" in line]
        return " ".join(lines[-1].split()) if lines else "no line: ok=0 unreachable=0 failed=1"

    def sync_blueprint(self) -> None:
        """Sync the application and give the worker a moment."""
        self.run("argocd", "app", "sync", self.names["argocd_app"], "--grpc-web")
        time.sleep(1)

    def store_key(self) -> None:
        """Copy the pending key into the shared item, empty pending.

        "paste_newline" pastes a line end with it, "stores_in" takes another field.
        """
        mistakes, own, shared = self.mistakes, self.names["own_item"], self.names["shared_item"]
        with self.state.edit("vault") as document:
            key = vault.value_of(document, own, "pending") or ""
            value = key + ("\n" if mistakes.get("paste_newline") else "")
            vault.set_value(document, shared, mistakes.get("stores_in") or self.names["field"], value)
            vault.set_value(document, own, "pending", "")
            vault.set_value(document, own, "expires", first_key.EXPIRES)
            vault.set_value(document, own, "due", first_key.DUE)

    def build(self) -> str:
        """Dispatch both workflows for the newest commit without a tag, wait for them, and return that commit.

        "builds_branch" names the branch instead, as one may in the forge's page.
        """
        commit = next(each for each in commits(self.world) if each[:7] not in self._tags())
        base = f"{self.world['forge']['url']}/api/v1/repos/{self.names['owner']}/{self.names['repo']}/actions"
        for workflow in ("build-container.yaml", "build-container-nix.yaml"):
            ref = self.names["branch"] if self.mistakes.get("builds_branch") else commit
            inputs = {"container": self.names["container"], "ref": ref}
            self._forge("POST", f"{base}/workflows/{workflow}/dispatches", {"ref": "main", "inputs": inputs})
        until = time.monotonic() + 30
        while time.monotonic() < until:
            runs = self._forge("GET", f"{base}/runs", None)["workflow_runs"]
            if len(runs) > 1 and all(run["status"] in ("success", "failure") for run in runs):
                break
            time.sleep(0.2)
        return commit

    def push_scratch(self) -> str:
        """Push a small image to the scratch repository with CI's key; returns its tag."""
        key = vault.value_of(self.state.read("vault"), self.names["shared_item"], self.names["field"]) or ""
        repository = f"{self.names['image_namespace']}/zotops-scratch"
        tag, url = f"by-hand-{time.time_ns()}", self.world["registry"]["url"]
        self.pushed = (tag, push_image(url, repository, tag, tag, (self.names["ci_user"], key), "skopeo"))
        return tag

    def pull(self, repository: str, tag: str) -> str:
        """Ask for an image without credentials; the digest of its manifest."""
        url = f"{self.world['registry']['url']}/v2/{repository}/manifests/{tag}"
        accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
        _, _, text = first_key.Browser().ask(url, headers={"Accept": accept})
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def services(self) -> str:
        """Run the services' own check; the lines that have to do with the registry, as the question wants them."""
        names = tomllib.loads((self.root / "profile.toml").read_text())["provisioning"]["services_lines"]
        printed = re.sub(r"\x1b\[[0-9;]*m", "", self.run("mise", "run", "services-check").stdout)
        found = dict(re.findall(r"^\s*(\S.*?)\.\.\.\s*(OK|FAILED)", printed, re.MULTILINE))
        return ", ".join(f"{name} {found[name]}" for name in names if name in found)

    def signed_in(self) -> str:
        """Sign in at the registry as the administrator, as a browser does: yes or no."""
        user = self.names["admin_user"]
        return "yes" if sign_in_with_password(self.world, user, self.world["secrets"]["passwords"][user]) else "no"

    def _tags(self) -> str:
        """The list of tags of the image that is built, as the registry writes it."""
        image = f"{self.names['image_namespace']}/{self.names['container']}"
        return first_key.Browser().ask(f"{self.world['registry']['url']}/v2/{image}/tags/list")[2]

    def _forge(self, method: str, url: str, body: Any) -> Any:
        headers = {"Authorization": f"token {self.world['secrets']['forge_token']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        _, _, text = first_key.Browser().ask(url, method=method, body=data, headers=headers)
        return json.loads(text) if text else None


def _wait_for(url: str, *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            first_key.Browser().ask(url)
        except OSError:
            time.sleep(0.05)
        else:
            return
