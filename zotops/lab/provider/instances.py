"""The API's calls about blueprints: what was applied, what the worker sees, and applying once more."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from zotops.lab.provider.answers import answer, not_found, page_of, store_of
from zotops.lab.provider.callers import caller_of, superuser_of
from zotops.lab.provider.document import now
from zotops.lab.provider.worker import digest, visible_files
from zotops.lab.state import Document


async def instances(request: Request) -> Response:
    """GET managed/blueprints/: filters `path` and `name`."""
    caller, document, wanted = caller_of(request), store_of(request).read(), request.query_params
    rows = [
        _instance_object(document, path)
        for path, row in (document["blueprints"] if caller.superuser else {}).items()
        if wanted.get("path", path) == path and wanted.get("name", row["name"]) == row["name"]
    ]
    return answer(request, page_of(request, rows))


def _instance_object(document: Document, path: str) -> dict[str, Any]:
    row = document["blueprints"][path]
    fields = ("pk", "name", "status", "enabled", "last_applied", "last_applied_hash", "metadata")
    return {"path": path, "context": {}, "managed_models": [], "content": ""} | {name: row[name] for name in fields}


async def instance(request: Request) -> Response:
    """GET managed/blueprints/{instance_uuid}/."""
    document = store_of(request).read()
    return answer(request, _instance_object(document, _visible(request, document)))


async def apply(request: Request) -> Response:
    """POST managed/blueprints/{instance_uuid}/apply/: only queues; the answer is the object as it was."""
    superuser_of(request)
    with store_of(request).edit() as document:
        path = _visible(request, document)
        before = _instance_object(document, path)
        document["blueprints"][path]["apply_requested"] = True
    return answer(request, before)


def _visible(request: Request, document: Document) -> str:
    caller, wanted = caller_of(request), request.path_params["instance_uuid"]
    found = (path for path, row in document["blueprints"].items() if row["pk"] == wanted and caller.superuser)
    path: str | None = next(found, None)
    if path is None:
        raise not_found("BlueprintInstance")
    return path


async def available(request: Request) -> Response:
    """GET managed/blueprints/available/: the files as the worker sees them at this moment."""
    from zotops.lab.provider.interpreter import head

    superuser_of(request)
    files = visible_files(store_of(request))
    rows = [{"path": path, "last_m": now(), "hash": digest(text), "meta": head(text)} for path, text in files.items()]
    return answer(request, rows)
