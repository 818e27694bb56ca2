"""The API's answers: JSON, pages of a list, and refusals as Authentik words them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zotops.lab.provider.store import Store


class Refused(Exception):
    """The request ends here with this status and JSON body (None: no body)."""

    def __init__(self, status: int, body: Any = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


def store_of(request: Request) -> Store:
    """The store of the world that this application serves."""
    store: Store = request.app.state.store
    return store


def answer(request: Request, content: Any, status: int = 200) -> Response:
    """The content as JSON; under the quirk `extra_field` its objects carry a field that no client knows."""
    if store_of(request).quirks().get("extra_field"):
        content = _with_extra_field(content, outermost=True)
    return JSONResponse(content, status)


def nothing(status: int = 204) -> Response:
    """An answer without a body."""
    return Response(status_code=status)


def page_of(request: Request, rows: Sequence[Any]) -> dict[str, Any]:
    """One page of a list by `page` and `page_size` (20 by default, at most 100); `next` is 0 on the last page."""
    size = min(_number(request, "page_size", 20), 100)
    page, pages = _number(request, "page", 1), max(1, math.ceil(len(rows) / size))
    if page > pages:
        raise Refused(404, {"detail": "Invalid page."})
    first = (page - 1) * size
    part = list(rows[first : first + size])
    around = {"next": page + 1 if page < pages else 0, "previous": page - 1, "count": len(rows), "current": page}
    span = {"total_pages": pages, "start_index": first + 1 if part else 0, "end_index": first + len(part)}
    return {"pagination": around | span, "results": part, "autocomplete": {}}


def not_found(model: str) -> Refused:
    """The refusal for an object that is not there or that the caller may not see."""
    return Refused(404, {"detail": f"No {model} matches the given query."})


async def refused(_: Request, error: Exception) -> Response:
    """Turn a refusal into its response; the application's exception handler."""
    if not isinstance(error, Refused):
        raise error
    return nothing(error.status) if error.body is None else JSONResponse(error.body, error.status)


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request, empty when there is no body; 400 when it is anything else."""
    if not await request.body():
        return {}
    try:
        found = await request.json()
    except ValueError as error:
        raise Refused(400, {"detail": f"JSON parse error - {error}"}) from error
    if not isinstance(found, dict):
        raise Refused(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
    return found


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return max(1, int(text)) if text.isdigit() else default


def _with_extra_field(content: Any, *, outermost: bool = False) -> Any:
    if isinstance(content, list):
        return [_with_extra_field(item) for item in content]
    if not isinstance(content, dict):
        return content
    inner = {name: _with_extra_field(value) for name, value in content.items()}
    return inner | {"practice_extra_field": "unknown"} if outermost or "pk" in content else inner
