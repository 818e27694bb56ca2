"""The forge's web application: which call goes to which handler, and how a refusal looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zotops.lab.forge import dispatch, issues, runs, secrets, views
from zotops.lab.forge.access import RefusalError
from zotops.lab.forge.asking import Answer, Ask
from zotops.lab.forge.documents import Forge
from zotops.lab.forge.runner import Runner

Handler = Callable[[Forge, Ask], Answer]
_REPO = "/repos/{owner}/{repo}"
_SECRETS, _SECRET = "/actions/secrets", "/actions/secrets/{name}"
_CALLS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/version", views.version),
    ("GET", "/user", views.user),
    ("GET", _REPO, views.repository),
    ("GET", f"{_REPO}/commits", views.commits),
    ("GET", f"{_REPO}/raw/{{file:path}}", views.raw),
    ("GET", _REPO + _SECRETS, secrets.list_of_repository),
    ("PUT", _REPO + _SECRET, secrets.put_of_repository),
    ("DELETE", _REPO + _SECRET, secrets.delete_of_repository),
    ("GET", "/orgs/{org}" + _SECRETS, secrets.list_of_organization),
    ("PUT", "/orgs/{org}" + _SECRET, secrets.put_of_organization),
    ("DELETE", "/orgs/{org}" + _SECRET, secrets.delete_of_organization),
    ("PUT", "/user" + _SECRET, secrets.put_of_user),
    ("DELETE", "/user" + _SECRET, secrets.delete_of_user),
    ("POST", f"{_REPO}/actions/workflows/{{workflow}}/dispatches", dispatch.dispatch),
    ("GET", f"{_REPO}/issues", issues.listed),
    ("POST", f"{_REPO}/issues", issues.create),
    ("GET", f"{_REPO}/actions/runs", runs.listed),
    ("GET", f"{_REPO}/actions/runs/{{run}}", runs.one),
    ("GET", f"{_REPO}/actions/tasks", runs.tasks),
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def app(world: Path) -> Starlette:
    """The forge of the world in this folder; its runners start with it."""
    forge = Forge(world)
    runners = [Runner(forge, label=label, style=style) for label, style in forge.read().get("runners", {}).items()]
    for runner in runners:
        runner.start()
    routes = [
        Route(f"/api/v1{path}", _endpoint(forge, handler, runners), methods=[method])
        for method, path, handler in _CALLS
    ]
    return Starlette(routes=[*routes, Route("/{rest:path}", _unknown, methods=list(_METHODS))])


def _endpoint(forge: Forge, handler: Handler, runners: list[Runner]) -> Callable[[Request], object]:
    async def answer(request: Request) -> Response:
        ask = Ask(
            method=request.method,
            path=request.path_params,
            query={name: request.query_params.getlist(name) for name in request.query_params},
            body=await request.body(),
            authorization=request.headers.get("authorization", ""),
        )
        try:
            answered = await run_in_threadpool(handler, forge, ask)
        except RefusalError as refused:
            return _refusal(forge, refused)
        if request.method == "POST":
            for runner in runners:
                runner.call()
        return _response(answered)

    return answer


def _response(answered: Answer) -> Response:
    headers = dict(answered.headers)
    if answered.content is not None:
        return Response(answered.content, headers=headers, media_type="text/plain; charset=utf-8")
    if answered.body is None:
        return Response(status_code=answered.status, headers=headers)
    return JSONResponse(answered.body, status_code=answered.status, headers=headers)


def _refusal(forge: Forge, refused: RefusalError) -> Response:
    body: dict[str, object] = {"message": refused.message, "url": f"{forge.url}/api/swagger"}
    if refused.status == 404:  # noqa: PLR2004 - only this answer also lists errors
        body["errors"] = []
    return JSONResponse(body, status_code=refused.status)


async def _unknown(request: Request) -> Response:
    del request
    return JSONResponse({"message": "not implemented by the practice world", "url": ""}, status_code=501)
