"""The practice infrastructure repository: a bare one at the forge with a short history, and the operator's checkout."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from zotops.lab.forge import workflows
from zotops.lab.provider import blueprint
from zotops.lab.provisioning.layout import lay_out, lay_template
from zotops.lab.state import Document

MANIFEST = "argocd/manifests/authentik/configmap-blueprint.yaml"
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Alex Practice",
    "GIT_AUTHOR_EMAIL": "alex@practice.example",
    "GIT_COMMITTER_NAME": "Alex Practice",
    "GIT_COMMITTER_EMAIL": "alex@practice.example",
}


def make_repositories(world: Document) -> None:
    """Write the files, commit them step by step, and clone the result to the forge.

    The last commit lets CI sign in (the new blueprint and the hardened role); the cluster still runs the one before it.
    """
    root = Path(world["root"])
    checkout, bare = root / "checkout", root / "forge" / f"{world['names']['repo']}.git"
    branch = world["names"]["branch"]
    git(checkout.parent, "init", "--quiet", f"--initial-branch={branch}", str(checkout))
    lay_out(checkout, world)
    lay_template(checkout, hardened=False)
    for path, text in workflows.files(world).items():
        _write(checkout / path, text)
    _write_blueprint(checkout, world, blueprint.old(world))
    _commit(checkout, "Describe the practice platform", 3)
    _write(checkout / "README.md", "# Practice platform\n\nEverything that runs in the practice world.\n")
    _commit(checkout, "Say what this is", 2)
    _write_blueprint(checkout, world, blueprint.new(world))
    lay_template(checkout, hardened=True)
    _commit(checkout, "Let CI sign in at the registry", 1)
    bare.parent.mkdir(exist_ok=True)
    git(root, "clone", "--quiet", "--bare", str(checkout), str(bare))
    git(checkout, "remote", "add", "origin", str(bare))
    git(checkout, "fetch", "--quiet", "origin")
    git(checkout, "branch", "--quiet", f"--set-upstream-to=origin/{branch}")


def commits(world: Document) -> list[str]:
    """Full ids of the forge's main, newest first."""
    bare = Path(world["root"]) / "forge" / f"{world['names']['repo']}.git"
    return git(bare, "rev-list", world["names"]["branch"]).split()


def commit_and_push(world: Document, message: str) -> str:
    """Commit everything in the checkout, push it to the forge, and return the commit's id; for faults and tests."""
    checkout = Path(world["root"]) / "checkout"
    _commit(checkout, message, 0)
    git(checkout, "push", "--quiet", "origin", world["names"]["branch"])
    return git(checkout, "rev-parse", "HEAD").strip()


def git(folder: Path, *words: str, environment: dict[str, str] | None = None) -> str:
    """What git prints; CalledProcessError when it fails. Nothing of the operator's own configuration counts."""
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), **ENVIRONMENT, **(environment or {})}
    done = subprocess.run(
        ("git", "-C", str(folder), *words),
        env=surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout


def _commit(checkout: Path, message: str, days_ago: int) -> None:
    git(checkout, "add", "--all")
    # Git's own words for a date: old enough that no two commits of a world share a second.
    when = {} if not days_ago else {"GIT_AUTHOR_DATE": _day(days_ago), "GIT_COMMITTER_DATE": _day(days_ago)}
    git(checkout, "commit", "--quiet", "--message", message, environment=when)


def _day(days_ago: int) -> str:
    return f"@{int(time.time()) - days_ago * 86400} +0000"


def _write_blueprint(checkout: Path, world: Document, text: str) -> None:
    names = world["names"]
    _write(checkout / MANIFEST, blueprint.configmap(text, name=names["configmap"], namespace=names["namespace"]))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
