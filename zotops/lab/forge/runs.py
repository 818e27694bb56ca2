"""Runs and tasks as version 14 lists them, with its gaps: no order, few filters, odd times."""

from __future__ import annotations

import hashlib
import json
import time

from zotops.lab.forge.access import NOT_FOUND, RefusalError
from zotops.lab.forge.asking import Answer, Ask, open_repository
from zotops.lab.forge.documents import Document, Forge, time_text
from zotops.lab.forge.views import repository_view, user_view

STATUSES = frozenset({"unknown", "waiting", "running", "success", "failure", "cancelled", "skipped", "blocked"})
_NANOSECONDS = 10**9


def listed(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}/actions/runs; `ref` and `workflow_id` are no filters before version 15."""
    document = _document_with_actions(forge, ask)
    kept = _scrambled([run for run in document["runs"] if run["repository"] == ask.full_name and _wanted(run, ask)])
    body = {
        "workflow_runs": [_run_view(forge, ask, document, run) for run in kept[ask.page()]],
        "total_count": len(kept),
    }
    return Answer(body=_with_more(forge, body), headers={"X-Total-Count": str(len(kept))})


def one(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}/actions/runs/{run_id}; the id, not the number of the web address."""
    document = _document_with_actions(forge, ask)
    for run in document["runs"]:
        if str(run["id"]) == ask.path["run"] and run["repository"] == ask.full_name:
            return Answer(body=_run_view(forge, ask, document, run))
    raise RefusalError(404, NOT_FOUND)


def tasks(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}/actions/tasks: jobs that a runner has taken, newest first."""
    document = _document_with_actions(forge, ask)
    mine = [run for run in document["runs"] if run["repository"] == ask.full_name]
    taken = [_task_view(forge, run, job) for run in mine for job in run["jobs"] if job["task"]]
    taken.sort(key=lambda task: int(task["id"]), reverse=True)
    body = {"workflow_runs": taken[ask.page()], "total_count": len(taken)}
    return Answer(body=_with_more(forge, body), headers={"X-Total-Count": str(len(taken))})


def _document_with_actions(forge: Forge, ask: Ask) -> Document:
    document, _, found = open_repository(forge, ask)
    if not found["has_actions"]:
        raise RefusalError(404, NOT_FOUND)
    return document


def _wanted(run: Document, ask: Ask) -> bool:
    statuses = set(ask.query.get("status", ()))
    if statuses - STATUSES:
        raise RefusalError(400, f"unknown status: {', '.join(sorted(statuses - STATUSES))}")
    number, commit, events = ask.last("run_number"), ask.last("head_sha"), ask.query.get("event", ())
    return (
        (not statuses or run["status"] in statuses)
        and (not events or run["event"] in events)
        and (not number or str(run["number"]) == number)
        and (not commit or run["commit"] == commit)
    )


def _scrambled(runs: list[Document]) -> list[Document]:
    """No order that anyone could rely on, yet the same from page to page; the newest is never the first of several."""
    mixed = sorted(runs, key=lambda run: hashlib.sha256(str(run["id"]).encode()).digest())
    if len(mixed) > 1 and mixed[0]["id"] == max(run["id"] for run in mixed):
        mixed[0], mixed[1] = mixed[1], mixed[0]
    return mixed


def _run_view(forge: Forge, ask: Ask, document: Document, run: Document) -> Document:
    found = document["repositories"][ask.full_name]
    viewer = open_repository(forge, ask)[1]
    view = {
        "id": run["id"],
        "index_in_repo": run["number"],
        "title": run["title"],
        "workflow_id": run["workflow"],
        "status": run["status"],
        "commit_sha": run["commit"],
        "prettyref": _short(run["ref"]),
        "trigger_event": run["trigger_event"],
        "event": run["event"],
        "event_payload": json.dumps(run["payload"]),
        "created": time_text(run["created"]),
        "started": time_text(run["started"]),
        "stopped": time_text(run["stopped"]),
        "updated": time_text(max(run["created"], run["started"], run["stopped"])),
        "duration": _duration(run),
        "html_url": _web_address(forge, run),
        "need_approval": False,
        "approved_by": 0,
        "is_fork_pull_request": False,
        "is_ref_deleted": False,
        "ScheduleID": 0,
        "trigger_user": user_view(forge, document, run["user"]),
        "repository": repository_view(forge, ask.full_name, found, viewer),
    }
    return _with_more(forge, view)


def _task_view(forge: Forge, run: Document, job: Document) -> Document:
    view = {
        "id": job["task"],
        "name": job["name"],
        "head_branch": _short(run["ref"]),
        "head_sha": run["commit"],
        "run_number": run["number"],
        "event": run["trigger_event"],
        "display_title": run["title"],
        "status": job["status"],
        "workflow_id": run["workflow"],
        "url": _web_address(forge, run),
        "created_at": time_text(job["started"]),
        "updated_at": time_text(job["stopped"] or job["started"]),
        "run_started_at": time_text(run["started"]),
    }
    return _with_more(forge, view)


def _duration(run: Document) -> int:
    """Nanoseconds, still growing while the run goes on."""
    if not run["started"]:
        return 0
    return int(((run["stopped"] or time.time()) - run["started"]) * _NANOSECONDS)


def _web_address(forge: Forge, run: Document) -> str:
    return f"{forge.url}/{run['repository']}/actions/runs/{run['number']}"


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _with_more(forge: Forge, view: Document) -> Document:
    """A later server may tell more than clients know today."""
    return {**view, "a_later_field": {"of": ["a", "later", "server"]}} if forge.quirk("extra_field") else view
