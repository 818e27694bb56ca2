"""Starting a workflow by hand: POST …/actions/workflows/{file}/dispatches."""

from __future__ import annotations

import time
from typing import Any

from zotops.lab.forge.access import NOT_FOUND, RefusalError, may
from zotops.lab.forge.asking import Answer, Ask, open_repository
from zotops.lab.forge.documents import Document, Forge
from zotops.lab.forge.views import git_of, repository_view, user_view
from zotops.lab.forge.workflows import FOLDER

_MOST_INPUTS = 10


def dispatch(forge: Forge, ask: Ask) -> Answer:
    """201 with the run's id when `return_run_info` is asked for, else 204; a run waits afterwards."""
    document, caller, found = open_repository(forge, ask)
    caller.require_token()
    if not found["has_actions"]:
        raise RefusalError(404, NOT_FOUND)
    if not may(caller, ask.full_name, found, "write"):
        raise RefusalError(403, "user should have a permission to write to a repo")
    if found["archived"]:
        raise RefusalError(423, f"{ask.full_name} is archived")
    wanted = _parse(ask.document())
    at = git_of(forge, found).commit_of(wanted["ref"])
    path = f"{FOLDER}/{ask.path['workflow']}"
    text = git_of(forge, found).file_at(at[0], path) if at else None
    if at is None or text is None:
        # Really so: neither is a 404, and the text is for administrators only.
        raise RefusalError(500, f"no workflow {path} at {wanted['ref']}" if caller.is_admin else "")
    workflow = _parse_workflow(text)
    run = {
        "repository": ask.full_name,
        "workflow": ask.path["workflow"],
        "title": workflow.get("name") or ask.path["workflow"],
        "commit": at[0],
        "ref": at[1],
        "event": "",  # really empty for a dispatched run; `trigger_event` tells
        "trigger_event": "workflow_dispatch",
        "user": caller.login,
        "payload": {
            "inputs": _inputs(workflow, wanted["inputs"]),
            "ref": at[1],
            "repository": repository_view(forge, ask.full_name, found, caller),
            "sender": user_view(forge, document, caller.login),
            "workflow": path,
        },
    }
    stored = _store(forge, run, workflow)
    if not wanted["return_run_info"] or forge.quirk("204_dispatch"):
        return Answer(status=204)
    names = [job["name"] for job in stored["jobs"]]
    return Answer(status=201, body={"id": stored["id"], "run_number": stored["number"], "jobs": names})


def _parse(body: Document) -> Document:
    ref, inputs = body.get("ref"), body.get("inputs") or {}
    if not isinstance(ref, str) or not ref:
        raise RefusalError(400, "ref is empty")
    if not isinstance(inputs, dict) or not all(isinstance(value, str) for value in inputs.values()):
        raise RefusalError(400, "json: inputs are not an object of strings")
    return {"ref": ref, "inputs": inputs, "return_run_info": body.get("return_run_info") is True}


def _parse_workflow(text: bytes) -> dict[Any, Any]:
    import yaml

    try:
        workflow = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RefusalError(500, "") from error
    return workflow if isinstance(workflow, dict) else {}


def _inputs(workflow: dict[Any, Any], given: dict[str, str]) -> dict[str, str]:
    """What the run gets: known names only, defaults filled in."""
    triggers = workflow.get("on", workflow.get(True)) or {}  # YAML 1.1 reads the bare word `on` as true
    known = ((triggers.get("workflow_dispatch") if isinstance(triggers, dict) else None) or {}).get("inputs") or {}
    taken: dict[str, str] = {}
    for name, about in known.items():
        about = about or {}  # noqa: PLW2901 - an input without any property is null
        value = given.get(name) or str(about.get("default") or "")
        if not value and about.get("required"):
            raise RefusalError(400, f"input required for '{about.get('description') or name}'")
        if value:
            taken[name] = value
    if len(taken) > _MOST_INPUTS:
        raise RefusalError(500, "")
    return taken


def _store(forge: Forge, run: Document, workflow: dict[Any, Any]) -> Document:
    jobs = workflow.get("jobs") or {}
    with forge.state.edit("forge") as document:
        counters = document["next"]
        number = counters["number"].get(run["repository"], 1)
        run |= {
            "id": counters["run"],
            "number": number,
            "status": "waiting",
            "created": time.time(),
            "started": 0,
            "stopped": 0,
            "labels": sorted({str(job.get("runs-on", "")) for job in jobs.values()}),
            "jobs": [{"name": name, "status": "waiting", "task": 0, "started": 0, "stopped": 0} for name in jobs],
            "log": [],
        }
        counters["run"] += 1
        counters["number"][run["repository"]] = number + 1
        document["runs"].append(run)
    return run
