"""Which address is answered by which handler, and what stands before it."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from zotops.lab.registry.digests import NAME
from zotops.lab.registry.exchange import Reply, nothing, text
from zotops.lab.registry.visit import Visit

Handler = Callable[[Visit], Reply]

OPEN, SIGNED_IN, METRICS, REPOSITORY = "open", "signed in", "metrics", "repository"
"""What stands before a handler: nothing; authentication; that and the rules for metrics; that and the repository's."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """An address; `options` is what zot answers OPTIONS with, if it does."""

    pattern: re.Pattern[str]
    handlers: Mapping[str, Handler]
    before: str
    options: int | None


def route(path: str, before: str, *, options: int | None = None, whole: bool = True, **handlers: Handler) -> Route:
    """A route; `NAME` in the path is a repository, `{word}` one part. Without `whole` anything may follow."""
    expression = re.escape(path).replace("NAME", f"(?P<name>{NAME})")
    expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", expression)
    methods = {method.upper(): handler for method, handler in handlers.items()}
    return Route(
        pattern=re.compile(expression + ("" if whole else ".*")),
        handlers=methods,
        before=before,
        options=options,
    )


@dataclass(frozen=True, kw_only=True)
class Match:
    """What an address leads to."""

    route: Route
    handler: Handler
    names: Mapping[str, str]


def find(routes: Iterable[Route], method: str, path: str) -> Match | Reply:
    """The handler for a request, or 404 or 405 as zot's router gives them before any authentication."""
    clean = posixpath.normpath(path) + ("/" if path.endswith("/") and path.strip("/") else "")
    if clean.replace("//", "/") != path:
        return nothing(HTTPStatus.MOVED_PERMANENTLY, ("Location", clean.replace("//", "/")))
    known = False
    for one in routes:
        if found := one.pattern.fullmatch(path):
            known = True
            handler = one.handlers.get("ANY") or one.handlers.get(method)
            if handler is None and method == "OPTIONS" and one.options:
                return nothing(one.options)
            if handler is not None:
                return Match(route=one, handler=handler, names=found.groupdict())
    if known:
        return nothing(HTTPStatus.METHOD_NOT_ALLOWED)
    return text(HTTPStatus.NOT_FOUND, "404 page not found\n")
