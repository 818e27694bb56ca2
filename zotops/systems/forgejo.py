"""Forgejo's API: repository, Actions secrets, commits, files, dispatched runs (version 12 and later)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Copy, Profile
from zotops.systems.forge_api import PAGE, ForgeApi, NoEnd, message_of
from zotops.world import Secret

PENDING = frozenset({"unknown", "waiting", "running", "blocked"})
CREATED, NO_CONTENT = 201, 204
NOT_FOUND = 404
# A proxy lost the forge: what was sent may have been done.
CUT_OFF = frozenset({502, 504})


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a workflow; `inputs` are those of its dispatch (empty if it was not dispatched)."""

    id: int
    number: int
    workflow: str
    status: str
    trigger: str
    created: str
    address: str
    inputs: Mapping[str, str]

    @property
    def pending(self) -> bool:
        """Whether it has not ended yet."""
        return self.status in PENDING


def secrets_page(profile: Profile) -> str:
    """Where a person sees and sets the Actions secrets of the repository that builds."""
    forge = profile.forge
    return f"{forge.web_url}/{forge.owner}/{forge.repo}/settings/actions/secrets"


@dataclass(frozen=True, kw_only=True)
class Forgejo(ForgeApi):
    """The API of the profile's repository, with the owner's token. Every call may raise Unreachable."""

    def rights(self) -> Mapping[str, bool]:
        """What the token's user may do in the repository: admin, push, pull."""
        found = self._read("").get("permissions") or {}
        with self._understood(""):
            return {name: bool(found.get(name)) for name in ("admin", "push", "pull")}

    def probe_write(self, copy: Copy | None = None, *, with_token: bool = True) -> int:
        """Status of a write that is always refused: a secret with an impossible name and no value.

        `copy`: in that repository instead of the profile's.
        400 or 422: understood, and the token may write; 403: it may not; 401: no or a wrong token.
        """
        return self._send("PUT", "/actions/secrets/0-no-such-name", {}, with_token=with_token, copy=copy).status

    def secrets(self, copy: Copy | None = None) -> Mapping[str, str]:
        """Name of every Actions secret, and when it was first made; an update leaves that time alone."""
        path = "/actions/secrets"
        rows = list(self._pages(path, "", copy))
        with self._understood(path):
            return {str(row["name"]): str(row.get("created_at", "")) for row in rows}

    def put_secret(self, name: str, value: Secret, copy: Copy | None = None) -> int:
        """Set an Actions secret, of another repository if one is named; the status: 201 new, 204 replaced.

        ActionFailed: the forge refused. Unreachable: no answer, and it may have been set.
        """
        reply = self._send("PUT", f"/actions/secrets/{quote(name)}", {"data": value.reveal()}, copy=copy)
        if reply.status in CUT_OFF:
            raise Unreachable(f"{reply.url} answered {reply.status}: the proxy got no answer from the forge")
        if reply.status not in {CREATED, NO_CONTENT}:
            raise ActionFailed(
                f"{reply.url} answered {reply.status}: {message_of(reply)}",
                remedy=f"the token in {self.place} needs write:repository and an owner of that repository",
            )
        return reply.status

    def commits(self, branch: str) -> tuple[str, ...]:
        """Full ids of the newest 50 commits of a branch, newest first."""
        query = urlencode({"sha": branch, "limit": PAGE, "stat": "false", "verification": "false", "files": "false"})
        rows = self._json(self._send("GET", f"/commits?{query}"))
        with self._understood("/commits"):
            return tuple(str(row["sha"]) for row in rows)

    def file(self, path: str, commit: str) -> str | None:
        """A file's text in a commit; None when it is not there."""
        reply = self._send("GET", f"/raw/{quote(path)}?{urlencode({'ref': commit})}")
        if reply.status == NOT_FOUND:
            return None
        return self._checked(reply).text

    def run(self, run_id: int) -> Run:
        """One run by its id (not by the number that its web address has)."""
        return self._parse_run(self._read(f"/actions/runs/{run_id}"))

    def runs(self) -> tuple[Run, ...]:
        """All runs, newest first; version 14 itself lists them in no order."""
        found = [self._parse_run(row) for row in self._pages("/actions/runs", "workflow_runs")]
        return tuple(sorted(found, key=lambda run: run.id, reverse=True))

    def runs_read(self) -> tuple[tuple[Run, ...], bool]:
        """As many runs as are read, in no order, and whether these are all."""
        found: list[Run] = []
        try:
            found.extend(self._parse_run(row) for row in self._pages("/actions/runs", "workflow_runs"))
        except NoEnd:
            return tuple(found), False  # whatever was read before stays
        return tuple(found), True

    def failed(self) -> tuple[Run, ...]:
        """The runs that failed, newest first."""
        found = [self._parse_run(row) for row in self._pages("/actions/runs?status=failure", "workflow_runs")]
        return tuple(sorted((run for run in found if run.status == "failure"), key=lambda run: run.id, reverse=True))

    def pending(self) -> tuple[Run, ...]:
        """The runs that have not ended."""
        # One status at a time: servers differ in how they read several.
        paths = [f"/actions/runs?status={status}" for status in sorted(PENDING)]
        found = [self._parse_run(row) for path in paths for row in self._pages(path, "workflow_runs")]
        return tuple(run for run in found if run.pending)

    def dispatched(self, workflow: str, inputs: Mapping[str, str]) -> tuple[Run, ...]:
        """The runs that were dispatched with these inputs, newest first, told by their payload."""
        return tuple(
            run
            for run in self.runs()
            if run.workflow == workflow and run.trigger == "workflow_dispatch" and inputs.items() <= run.inputs.items()
        )

    def dispatch(self, workflow: str, inputs: Mapping[str, str]) -> int | None:
        """Start a workflow, once; the run's id, or None where the server does not tell it (204).

        Refused: DispatchRefusedError. No answer: Unreachable, and it may have been started all the same.
        """
        body = {"ref": self.profile.forge.branch, "inputs": dict(inputs), "return_run_info": True}
        reply = self._send("POST", f"/actions/workflows/{quote(workflow)}/dispatches", body)
        if reply.status == CREATED:
            with self._understood("/actions/workflows"):
                return int(reply.json()["id"])
        if reply.status in CUT_OFF:
            raise Unreachable(f"{reply.url} answered {reply.status}: the proxy got no answer from the forge")
        if reply.status != NO_CONTENT:
            raise DispatchRefusedError(reply.status, message_of(reply))
        return None

    def _parse_run(self, row: Mapping[str, Any]) -> Run:
        with self._understood("/actions/runs"):
            payload = json.loads(row.get("event_payload") or "{}")
            return Run(
                id=int(row["id"]),
                number=int(row["index_in_repo"]),
                workflow=str(row["workflow_id"]),
                status=str(row["status"]),
                trigger=str(row["trigger_event"]),
                created=str(row["created"]),
                address=str(row["html_url"]),
                inputs={str(name): str(value) for name, value in (payload.get("inputs") or {}).items()},
            )


class DispatchRefusedError(Exception):
    """The forge did not start a workflow."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
