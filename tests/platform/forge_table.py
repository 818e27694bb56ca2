"""A forge and a registry as one table: commits, runs, secrets and tags that a test has written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from tests.platform.stand_ins import flying
from tests.systems.outside import Answer, Safe, TableServer, profile_of, tabled, world_of
from zotops.profile import Profile
from zotops.world import World

DAGGER, SKOPEO = "build-container.yaml", "build-container-nix.yaml"
REPOSITORY = "/api/v1/repos/practice/platform"
COMMITS = f"GET {REPOSITORY}/commits?sha=main&limit=50&stat=false&verification=false&files=false"
RUNS = f"GET {REPOSITORY}/actions/runs?page=1&limit=50"
SECRETS = f"GET {REPOSITORY}/actions/secrets?page=1&limit=50"
TAGS = "GET /v2/practice/nettest/tags/list"
NEW, BUILT = "a" * 40, "b" * 40


def run(number: int, file: str, commit: str = NEW, **changes: Any) -> dict[str, Any]:
    """A run as the forge lists it, dispatched for that commit."""
    payload = {"inputs": {"container": "nettest", "ref": commit}}
    told = {"trigger_event": "workflow_dispatch", "status": "success", "created": "2026-03-07T10:00:00Z"}
    place = {"html_url": f"http://forge/{number}", "workflow_id": file, "event_payload": json.dumps(payload)}
    return {"id": 10 + number, "index_in_repo": number, **told, **place, **changes}


@dataclass(frozen=True)
class Forge:
    """What a test changes of it, and what it was told."""

    server: TableServer
    profile: Profile
    world: World
    told: list[tuple[str, str]]

    def has_runs(self, *rows: dict[str, Any]) -> None:
        """These, in the list and each by its id."""
        self.server.table[RUNS] = (200, {"workflow_runs": list(rows)})
        failed = [row for row in rows if row["status"] == "failure"]
        self.server.table[RUNS.replace("?", "?status=failure&")] = (200, {"workflow_runs": failed})
        for row in rows:
            self.server.table[f"GET {REPOSITORY}/actions/runs/{row['id']}"] = (200, row)

    def starts(self, file: str, answer: Answer) -> None:
        """What a dispatch of that workflow is answered with."""
        self.server.table[f"POST {REPOSITORY}/actions/workflows/{file}/dispatches"] = answer

    def has_tags(self, *tags: str) -> None:
        self.server.table[TAGS] = (200, {"tags": list(tags)})

    @property
    def dispatches(self) -> int:
        return sum(line.endswith("/dispatches") for line, _ in self.server.seen)


@contextmanager
def forge(folder: Path) -> Iterator[Forge]:
    """Two commits with a version; the older one is built, by both workflows."""
    with tabled({}) as server:
        profile = profile_of(folder, registry=server.url, forge=server.url)
        profile = msgspec.structs.replace(profile, build=msgspec.structs.replace(profile.build, patience=20.0))
        told: list[tuple[str, str]] = []
        world = flying(world_of(profile, Safe({profile.forge_token: "token"})))
        found = Forge(server, profile, replace(world, tell=lambda what, result: told.append((what, result))), told)
        server.table[COMMITS] = (200, [{"sha": NEW}, {"sha": BUILT}])
        for commit in (NEW, BUILT):
            file = f"GET {REPOSITORY}/raw/containers/nettest/Dockerfile?ref={commit}"
            server.table[file] = (200, b"ARG CONTAINER_APP_VERSION=0.1.0\n")
        found.has_tags("v0.1.0-bbbbbbb", "v0.1.0-bbbbbbb-nix")
        found.has_runs()
        yield found
