"""From a request to its answer: the route, who it is, what they may do, the handler, and the log line."""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from zotops.lab.registry.access import Caller, Rights
from zotops.lab.registry.authentication import Authentication
from zotops.lab.registry.exchange import JSON, Reply, Request, document, nothing
from zotops.lab.registry.guarding import Guard
from zotops.lab.registry.logbook import Logbook
from zotops.lab.registry.monitoring import Monitoring
from zotops.lab.registry.quirks import Quirks
from zotops.lab.registry.refusals import Refused, denied
from zotops.lab.registry.routes import METRICS, OPEN, REPOSITORY, Match, Route, find
from zotops.lab.registry.settings import AccessControl, Policy, Settings
from zotops.lab.registry.visit import Visit

NOBODY_MAY = AccessControl(repositories={}, admin=Policy(), metrics_users=(), metrics_anonymous=())
"""The rules left when those of a running registry are taken out of its file: it fails closed."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """Answers requests. `guarded` tells whether there were rules at the start: without them zot applies none that are
    added later, until it starts again.
    """

    settings: Callable[[], Settings]
    routes: Sequence[Route]
    guarded: bool
    authentication: Authentication
    guard: Guard
    monitoring: Monitoring
    quirks: Quirks
    book: Logbook

    def answer(self, request: Request) -> Reply:
        """The reply to a request; an error of our own is logged and becomes 500."""
        started = time.monotonic()
        try:
            reply = self._routed(request)
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise
            reply = self._failed(error)
        except Exception as error:  # noqa: BLE001  # a server answers whatever happens
            reply = self._failed(error)
        if reply.document is not None and self.quirks.on("extra_field"):
            reply = _with_extra_field(reply)
        self._note(request, reply, time.monotonic() - started)
        return reply

    def _routed(self, request: Request) -> Reply:
        hidden = request.path.startswith("/zot/auth/apikey") and self.quirks.on("no_key_api")
        found = find(() if hidden else self.routes, request.method, request.path)
        if isinstance(found, Reply):
            return found
        if found.route.before == OPEN:
            return self._handled(found, self._visit(request, found, Caller()))
        known = self.authentication.know(request)
        if isinstance(known, Reply):
            return known
        cookie = (("Set-Cookie", known.cookie),) if known.cookie else ()
        visit = self._visit(request, found, known.caller)
        if self._permitted(visit, found.route.before):
            return self._handled(found, visit).with_headers(*cookie)
        time.sleep(self.settings().fail_delay)
        refusal = denied(request.headers, self.settings().realm, anonymous=known.caller.anonymous)
        return refusal.with_headers(*cookie)

    def _handled(self, found: Match, visit: Visit) -> Reply:
        try:
            return found.handler(visit)
        except Refused as refused:
            return refused.reply

    def _visit(self, request: Request, found: Match, caller: Caller) -> Visit:
        access = (self.settings().access or NOBODY_MAY) if self.guarded else None
        return Visit(request=request, caller=caller, rights=Rights(access=access, caller=caller), names=found.names)

    def _permitted(self, visit: Visit, before: str) -> bool:
        access = self.settings().access
        if before == METRICS and access is not None:
            if visit.caller.anonymous:
                return "read" in access.metrics_anonymous
            return visit.caller.name in access.metrics_users
        return before != REPOSITORY or self.guard.allows(visit)

    def _failed(self, error: Exception) -> Reply:
        self.book.error("unexpected error", error=repr(error), stack=traceback.format_exc())
        return nothing(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _note(self, request: Request, reply: Reply, seconds: float) -> None:
        """The line that zot logs per request: with cookies and the query, never with the Authorization value."""
        self.monitoring.count(request.method, reply.status)
        headers = {name.title(): values for name, values in request.headers.items()}
        if "Authorization" in headers:
            headers["Authorization"] = ["******"]
        self.book.info(
            "HTTP API",
            module="http",
            component="session",
            clientIP=request.peer,
            method=request.method,
            path=request.target,
            statusCode=reply.status,
            latency=f"{int(seconds)}s",
            bodySize=len(reply.content),
            headers=headers,
        )


def _with_extra_field(reply: Reply) -> Reply:
    kind = dict(reply.headers).get("Content-Type", JSON)
    rest = [pair for pair in reply.headers if pair[0] != "Content-Type"]
    return document(reply.status, {**(reply.document or {}), "practice": "extra"}, *rest, media_type=kind)
