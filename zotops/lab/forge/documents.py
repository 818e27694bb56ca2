"""What the forge stores in forge.json, its first content, and the forge as its parts see it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from zotops.lab.forge import workflows
from zotops.lab.state import State

Document = dict[str, Any]
VERSION = "14.0.2+gitea-1.22.0"


@dataclass(frozen=True)
class Forge:
    """One practice forge: the world's folder, its documents, and the names of world.json."""

    world: Path

    @cached_property
    def state(self) -> State:
        """The documents shared with the rest of the world."""
        return State(self.world / "state")

    @cached_property
    def facts(self) -> Document:
        """world.json, which is written once before anything starts."""
        facts: Document = json.loads((self.world / "world.json").read_text())
        return facts

    @property
    def names(self) -> Document:
        """The names of world.json."""
        names: Document = self.facts["names"]
        return names

    @property
    def url(self) -> str:
        """The forge's own address, as it shows in links."""
        return str(self.facts["forge"]["url"])

    def read(self) -> Document:
        """forge.json as it is now."""
        return self.state.read("forge")

    def quirk(self, name: str) -> bool:
        """Whether a fault has this switch of quirks.json turned on now."""
        return bool(self.state.read("quirks").get("forge", {}).get(name))


def initial(world: Mapping[str, Any]) -> Document:
    """forge.json of a new world: one public repository with a little history, its owner's token, older secrets."""
    names, secrets = world["names"], world["secrets"]
    owner, full_name = names["owner"], f"{names['owner']}/{names['repo']}"
    old = time.time() - 40 * 86400
    return {
        "version": VERSION,
        "build_seconds": 0.3,
        "runners": dict(workflows.RUNNERS),
        "users": {owner: {"id": 1, "is_admin": False}, "reader": {"id": 2, "is_admin": False}},
        "organizations": {},
        "tokens": [{"token": secrets["forge_token"], "user": owner, "scopes": ["write:repository"]}],
        "repositories": {
            full_name: {
                "id": 1,
                "git": f"forge/{names['repo']}.git",
                "default_branch": names["branch"],
                "private": False,
                "archived": False,
                "has_actions": True,
                "collaborators": {},
            }
        },
        "secrets": {
            f"repo:{full_name}": {
                "ARGOCD_AUTH_TOKEN": {"data": secrets.get("argocd_token", "none"), "created": old},
                "FLY_DEPLOY_TOKEN": {"data": secrets.get("deploy_token", "none"), "created": old},
            }
        },
        "next": {"run": 303, "number": {full_name: 14}, "task": 518},
        "runs": [_earlier_run(world, number, old + number * 60) for number in (12, 13)],
    }


def _earlier_run(world: Mapping[str, Any], number: int, at: float) -> Document:
    """A build that a push started before this world began; its commit is not in the repository any more."""
    names = world["names"]
    return {
        "id": 289 + number,
        "number": number,
        "repository": f"{names['owner']}/{names['repo']}",
        "workflow": workflows.DAGGER if number % 2 else workflows.NIX,
        "title": "Build container",
        "commit": hashlib.sha1(f"earlier {number}".encode(), usedforsecurity=False).hexdigest(),
        "ref": f"refs/heads/{names['branch']}",
        "event": "push",
        "trigger_event": "push",
        "payload": {"ref": f"refs/heads/{names['branch']}"},
        "user": names["owner"],
        "status": "success",
        "created": at,
        "started": at + 1,
        "stopped": at + 31,
        "jobs": [{"name": "build", "status": "success", "task": 492 + number, "started": at + 1, "stopped": at + 31}],
        "log": ["before this practice world began"],
    }


def time_text(moment: float) -> str:
    """Seconds since 1970 as Forgejo prints times; what has not happened yet is 0 and so reads 1970, not null."""
    whole = dt.datetime.fromtimestamp(int(moment), tz=dt.UTC)
    return whole.isoformat().replace("+00:00", "Z")
