"""The flow executor: one JSON challenge after the other; a right answer is a redirect to the same address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from zotops.lab.provider import flow
from zotops.lab.provider.answers import answer, body_of, not_found, store_of
from zotops.lab.provider.callers import require_csrf
from zotops.lab.provider.scene import Scene
from zotops.lab.provider.sessions import login_of, open_session, set_cookies
from zotops.lab.state import Document


def scene_of(request: Request, document: Document, query: str) -> Scene:
    """The running flow of the request's session; `query` is the query string of the flow's page."""
    store, wanted = store_of(request), parse_qs(query).get("next", ["/"])[0]
    relative = wanted.startswith("/") and not wanted.startswith("//")
    return Scene(
        document=document,
        key=open_session(document, request),
        quirks=store.quirks(),
        ci_user=store.names["ci_user"],
        next_page=wanted if relative else "/",
    )


async def executor(request: Request) -> Response:
    """GET and POST flows/executor/{flow_slug}/; `query` has to come with every call, or the flow ends at `/`."""
    slug = request.path_params["slug"]
    given = await body_of(request) if request.method == "POST" else None
    with store_of(request).edit() as document:
        if slug not in document["flows"]:
            raise not_found("Flow")
        scene = scene_of(request, document, request.query_params.get("query", ""))
        if given is not None and login_of(document, scene.key):
            require_csrf(request)
        if not document["sessions"][scene.key]["flow"] or scene.plan["slug"] != slug:
            flow.begin(scene, slug)
        response = _step(request, scene, given)
        if scene.key in document["sessions"]:
            set_cookies(response, request, document, scene.key)
        return response


def _step(request: Request, scene: Scene, given: dict[str, Any] | None) -> Response:
    if given is None:
        return answer(request, flow.show(scene))
    errors = flow.submit(scene, given)
    if errors:
        return JSONResponse(flow.show(scene) | {"response_errors": errors})
    if scene.plan["stage"] == "denied":
        return answer(request, flow.show(scene))
    return RedirectResponse(f"{request.url.path}?{request.url.query}", 302)
