"""Forgejo's API: repository, Actions secrets, commits, files, dispatched runs (version 12 and later)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Copy, Profile, parse_ref
from zotops.world import Reply, Secret, World

PENDING = frozenset({"unknown", "waiting", "running", "blocked"})
OK, CREATED, NO_CONTENT = 200, 201, 204
NOT_FOUND = 404
# A proxy lost the forge: what was sent may have been done.
CUT_OFF = frozenset({502, 504})
PAGE, MOST_PAGES = 50, 20


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


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue: its text, whether it is open, and its address for people."""

    body: str
    is_open: bool
    address: str


def secrets_page(profile: Profile) -> str:
    """Where a person sees and sets the Actions secrets of the repository that builds."""
    forge = profile.forge
    return f"{forge.web_url}/{forge.owner}/{forge.repo}/settings/actions/secrets"


@dataclass(frozen=True, kw_only=True)
class Forgejo:
    """The API of the profile's repository, with the owner's token. Every call may raise Unreachable.

    `for_issues`: with the token for issues, where the profile names one; scopes can be given one by one.
    """

    world: World
    profile: Profile
    for_issues: bool = False

    @cached_property
    def token(self) -> Secret:
        """The token, read once: each read of a vault may ask for a finger, and a build is asked about many times."""
        return self.world.secrets.read(parse_ref(self.place))

    @property
    def place(self) -> str:
        """Where the token is kept: item/field."""
        forge = self.profile.forge
        return (self.for_issues and forge.issue_token) or forge.token

    def rights(self) -> Mapping[str, bool]:
        """What the token's user may do in the repository: admin, push, pull."""
        found = self._read("").get("permissions") or {}
        return {name: bool(found.get(name)) for name in ("admin", "push", "pull")}

    def probe_write(self, copy: Copy | None = None, *, with_token: bool = True) -> int:
        """Status of a write that is always refused: a secret with an impossible name and no value.

        `copy`: in that repository instead of the profile's.
        400 or 422: understood, and the token may write; 403: it may not; 401: no or a wrong token.
        """
        return self._send("PUT", "/actions/secrets/0-no-such-name", {}, with_token=with_token, copy=copy).status

    def secrets(self, copy: Copy | None = None) -> Mapping[str, str]:
        """Name of every Actions secret, and when it was first made; an update leaves that time alone."""
        return {str(row["name"]): str(row.get("created_at", "")) for row in self._pages("/actions/secrets", "", copy)}

    def put_secret(self, name: str, value: Secret, copy: Copy | None = None) -> int:
        """Set an Actions secret, of another repository if one is named; the status: 201 new, 204 replaced.

        ActionFailed: the forge refused. Unreachable: no answer, and it may have been set.
        """
        reply = self._send("PUT", f"/actions/secrets/{quote(name)}", {"data": value.reveal()}, copy=copy)
        if reply.status in CUT_OFF:
            raise Unreachable(f"{reply.url} answered {reply.status}: the proxy got no answer from the forge")
        if reply.status not in {CREATED, NO_CONTENT}:
            raise ActionFailed(
                f"{reply.url} answered {reply.status}: {_message(reply)}",
                remedy=f"the token in {self.place} needs write:repository and an owner of that repository",
            )
        return reply.status

    def commits(self, branch: str) -> tuple[str, ...]:
        """Full ids of the newest 50 commits of a branch, newest first."""
        query = urlencode({"sha": branch, "limit": PAGE, "stat": "false", "verification": "false", "files": "false"})
        rows = self._json(self._send("GET", f"/commits?{query}"))
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
            return int(reply.json()["id"])
        if reply.status in CUT_OFF:
            raise Unreachable(f"{reply.url} answered {reply.status}: the proxy got no answer from the forge")
        if reply.status != NO_CONTENT:
            raise DispatchRefusedError(reply.status, _message(reply))
        return None

    def issues(self) -> tuple[Issue, ...]:
        """All issues, open and closed, newest first. The token needs read:issue."""
        rows = self._pages("/issues?state=all&type=issues", "")
        return tuple(
            Issue(
                body=str(row.get("body") or ""),
                is_open=row.get("state") == "open",
                address=str(row.get("html_url") or ""),
            )
            for row in rows
        )

    def open_issue(self, title: str, body: str) -> str:
        """Open an issue and return its address. The token needs write:issue.

        Unreachable: it was refused, or there is no answer and it may have been opened all the same.
        """
        reply = self._send("POST", "/issues", {"title": title, "body": body})
        if reply.status != CREATED:
            remedy = f"the token in {self.place} needs write:issue, and the repository issues"
            raise Unreachable(f"no issue was opened: {reply.status}: {_message(reply)}", remedy=remedy)
        found = reply.json()
        return str(found.get("html_url") or "") if isinstance(found, dict) else ""

    def _read(self, path: str) -> Mapping[str, Any]:
        found = self._json(self._send("GET", path))
        if not isinstance(found, dict):
            raise self._odd(path)
        return found

    def _pages(self, path: str, key: str, copy: Copy | None = None) -> Iterator[Mapping[str, Any]]:
        """Every row of a list; `key` names the field that holds it, "" when the answer is the list itself."""
        for page in range(1, MOST_PAGES + 1):
            joint = "&" if "?" in path else "?"
            query = urlencode({"page": page, "limit": PAGE})
            answer = self._json(self._send("GET", f"{path}{joint}{query}", copy=copy))
            rows = answer.get(key) if key and isinstance(answer, dict) else answer
            if not isinstance(rows or [], list):
                raise self._odd(path)
            yield from rows or []
            if len(rows or []) < PAGE:
                return

    def _parse_run(self, row: Mapping[str, Any]) -> Run:
        try:
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
        except (KeyError, ValueError, AttributeError) as error:
            raise self._odd("/actions/runs") from error

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        with_token: bool = True,
        copy: Copy | None = None,
    ) -> Reply:
        forge, place = self.profile.forge, copy or self.profile.forge
        headers = {"Accept": "application/json"}
        if with_token:
            headers["Authorization"] = f"token {self.token.reveal()}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = f"{forge.api_url}/repos/{place.owner}/{place.repo}{path}"
        content = b"" if body is None else json.dumps(body).encode()
        return self.world.http.send(method, url, headers=headers, body=content, timeout=30.0)

    def _json(self, reply: Reply) -> Any:  # a JSON value
        return self._checked(reply).json()

    def _checked(self, reply: Reply) -> Reply:
        if reply.status != OK:
            remedy = {
                401: f"the token in {self.place} is not valid any more: make a new one",
                403: f"the token in {self.place} needs write:repository and an owner of the repository",
                404: "is the repository's name right in the profile, and may the token see it?",
                503: "the proxy limits requests: wait a minute",
            }.get(reply.status, "look at the forge's log")
            raise Unreachable(f"{reply.url} answered {reply.status}: {_message(reply)}", remedy=remedy)
        return reply

    def _odd(self, path: str) -> Unreachable:
        return Unreachable(
            f"{self.profile.forge.api_url}{path} answers in a form that is not Forgejo's",
            remedy="is it Forgejo, version 12 or later? Gitea's answers differ",
        )


class DispatchRefusedError(Exception):
    """The forge did not start a workflow."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


def _message(reply: Reply) -> str:
    try:
        answer = json.loads(reply.body)
    except ValueError:
        answer = None
    text = answer.get("message") if isinstance(answer, dict) else None
    return str(text)[:200] if text else "it gave no reason"
