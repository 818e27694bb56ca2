"""The provider's routes, its worker, and the switches that concern every request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from zotops.lab.provider import admin_pages, authorize, catalogue, directory, executor, instances, oidc, pages, tickets
from zotops.lab.provider.answers import Refused, answer, refused
from zotops.lab.provider.callers import caller_of
from zotops.lab.provider.document import VERSION
from zotops.lab.provider.store import Store
from zotops.lab.provider.worker import work

API = "/api/v3"
INTERVAL = 0.1  # seconds between two rounds of the worker


async def live(_: Request) -> Response:
    """GET /-/health/live/: no login needed."""
    return Response(status_code=200)


async def version(request: Request) -> Response:
    """GET admin/version/."""
    caller_of(request)
    known = {"version_current": VERSION, "version_latest": VERSION, "version_latest_valid": True, "build_hash": ""}
    return answer(request, known | {"outdated": False, "outpost_outdated": False})


async def unknown(request: Request) -> Response:
    """Everything of Authentik's API that nobody here needs."""
    caller_of(request)
    raise Refused(501, {"detail": "not implemented by the practice world"})


_API_ROUTES = [
    ("/admin/version/", version, "GET"),
    ("/core/users/", directory.users, "GET"),
    ("/core/users/me/", directory.me, "GET"),
    ("/core/users/impersonate_end/", directory.impersonate_end, "GET"),
    ("/core/users/{id:int}/", directory.user, "GET"),
    ("/core/users/{id:int}/set_password/", directory.set_password, "POST"),
    ("/core/users/{id:int}/recovery/", directory.recovery, "POST"),
    ("/core/users/{id:int}/impersonate/", directory.impersonate, "POST"),
    ("/core/groups/", directory.groups, "GET"),
    ("/core/applications/{slug}/", catalogue.application, "GET"),
    ("/core/applications/{slug}/check_access/", catalogue.check_access, "GET"),
    ("/core/authenticated_sessions/", tickets.sessions, "GET"),
    ("/core/authenticated_sessions/{uuid}/", tickets.delete_session, "DELETE"),
    ("/core/tokens/", tickets.tokens, "GET"),
    ("/core/tokens/", tickets.create_token, "POST"),
    ("/core/tokens/{identifier}/", tickets.delete_token, "DELETE"),
    ("/core/tokens/{identifier}/view_key/", tickets.view_key, "GET"),
    ("/authenticators/admin/all/", directory.devices, "GET"),
    ("/policies/bindings/", catalogue.bindings, "GET"),
    ("/providers/oauth2/", catalogue.providers, "GET"),
    ("/providers/oauth2/{id}/", catalogue.provider, "GET"),
    ("/providers/oauth2/{id}/setup_urls/", catalogue.setup_urls, "GET"),
    ("/providers/oauth2/{id}/preview_user/", catalogue.preview_user, "GET"),
    ("/propertymappings/provider/scope/", catalogue.scope_mappings, "GET"),
    ("/managed/blueprints/", instances.instances, "GET"),
    ("/managed/blueprints/available/", instances.available, "GET"),
    ("/managed/blueprints/{instance_uuid}/", instances.instance, "GET"),
    ("/managed/blueprints/{instance_uuid}/apply/", instances.apply, "POST"),
]


def routes() -> list[Route]:
    """All addresses; what is left of the API comes last."""
    api = [Route(API + path, handler, methods=[method]) for path, handler, method in _API_ROUTES]
    slug, every = "/application/o/{slug}", ["GET", "POST"]
    return [
        *api,
        Route(API + "/flows/executor/{slug}/", executor.executor, methods=every),
        Route(API + "/{rest:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        Route("/-/health/live/", live),
        Route("/application/o/authorize/", authorize.authorize, methods=every),
        Route("/application/o/token/", oidc.token, methods=["POST"]),
        Route("/application/o/userinfo/", oidc.userinfo, methods=every),
        Route(slug + "/.well-known/openid-configuration", oidc.configuration),
        Route(slug + "/jwks/", oidc.jwks),
        Route(slug + "/end-session/", oidc.end_session, methods=every),
        Route("/if/flow/{slug}/", pages.flow_page, methods=every),
        Route("/if/user/", pages.user_page),
        Route("/if/admin/", admin_pages.admin_page),
        Route("/if/admin/impersonate-end/", admin_pages.admin_action, methods=["POST"]),
        Route("/if/admin/users/{id}/{action}/", admin_pages.admin_action, methods=["POST"]),
        Route("/recovery/use-token/{key}/", pages.use_recovery_key),
        Route("/", pages.home),
    ]


class Down:
    """Answers every request with 503 while the quirk `down` is on."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self.app, self.store = app, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or end it."""
        app: ASGIApp = self.app
        if scope["type"] == "http" and self.store.quirks().get("down"):
            app = PlainTextResponse("authentik is starting", 503)
        await app(scope, receive, send)


@asynccontextmanager
async def _with_worker(app: Starlette) -> AsyncIterator[None]:
    worker = asyncio.create_task(_keep_working(app.state.store))
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def _keep_working(store: Store) -> None:
    while True:
        work(store)
        await asyncio.sleep(INTERVAL)


def provider_app(world: Path) -> Starlette:
    """The whole stand-in for one world."""
    app = Starlette(routes=routes(), lifespan=_with_worker, exception_handlers={Refused: refused})
    app.state.store = Store(world)
    app.add_middleware(Down, store=app.state.store)
    return app
