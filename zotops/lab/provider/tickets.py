"""The API's calls about what lets somebody in: sessions and tokens."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from zotops.lab.provider.answers import Refused, answer, body_of, not_found, nothing, page_of, store_of
from zotops.lab.provider.callers import Caller, caller_of
from zotops.lab.provider.document import record, stamp, user_of_pk
from zotops.lab.provider.people import user_object
from zotops.lab.provider.sessions import key_of
from zotops.lab.state import Document

_INTENTS = ("verification", "api", "recovery", "app_password")


async def sessions(request: Request) -> Response:
    """GET core/authenticated_sessions/: sessions somebody signed in to, by `user__username`; others see their own."""
    caller, document = caller_of(request), store_of(request).read()
    wanted = request.query_params.get("user__username")
    rows = [
        _session_object(document, session, current=key == key_of(request))
        for key, session in document["sessions"].items()
        if session["user"] in document["users"] and _may_see(caller, session) and wanted in (None, session["user"])
    ]
    return answer(request, page_of(request, rows))


def _may_see(caller: Caller, session: Document) -> bool:
    return caller.superuser or session["user"] == caller.user


def _session_object(document: Document, session: Document, *, current: bool) -> dict[str, Any]:
    text = session["user_agent"]
    unknown = {"family": "Other", "major": "", "minor": "", "patch": ""}
    agent = {"device": {"brand": "", "family": "Other", "model": ""}, "os": unknown | {"patch_minor": ""}}
    used = {name: session[name] for name in ("uuid", "last_ip", "last_used", "expires")}
    where = {
        "geo_ip": None,
        "asn": None,
        "last_user_agent": text,
        "user_agent": agent | {"user_agent": unknown, "string": text},
    }
    return used | where | {"current": current, "user": document["users"][session["user"]]["pk"]}


async def delete_session(request: Request) -> Response:
    """DELETE core/authenticated_sessions/{uuid}/: whoever holds that session is signed out at once."""
    caller = caller_of(request)
    with store_of(request).edit() as document:
        for key, session in document["sessions"].items():
            if session["uuid"] == request.path_params["uuid"] and session["user"] and _may_see(caller, session):
                del document["sessions"][key]
                record(document, "logout", session["user"], by=caller.user)
                return nothing()
    raise not_found("AuthenticatedSession")


async def tokens(request: Request) -> Response:
    """GET core/tokens/: never the keys; filters `user__username`, `intent` and `identifier`; others see their own."""
    caller, document, wanted = caller_of(request), store_of(request).read(), request.query_params
    intent = wanted.get("intent", "")
    if intent and intent not in _INTENTS:
        raise _no_choice(intent)
    rows = [
        _token_object(document, identifier)
        for identifier, token in document["tokens"].items()
        if token["user"] in document["users"]
        and (caller.superuser or token["user"] == caller.user)
        and wanted.get("user__username") in (None, "", token["user"])
        and intent in ("", token["intent"])
        and wanted.get("identifier") in (None, "", identifier)
    ]
    return answer(request, page_of(request, rows))


def _no_choice(intent: object) -> Refused:
    return Refused(400, {"intent": [f'"{intent}" is not a valid choice.']})


async def create_token(request: Request) -> Response:
    """POST core/tokens/: who is no superuser always creates for itself."""
    caller, body = caller_of(request), await body_of(request)
    with store_of(request).edit() as document:
        identifier, intent = body.get("identifier"), body.get("intent", "api")
        if not isinstance(identifier, str) or not identifier:
            raise Refused(400, {"identifier": ["This field is required."]})
        if identifier in document["tokens"]:
            raise Refused(400, {"identifier": ["This field must be unique."]})
        if intent not in _INTENTS:
            raise _no_choice(intent)
        owner = user_of_pk(document, body["user"]) if "user" in body and caller.superuser else caller.user
        if owner is None:
            raise Refused(400, {"user": [f'Invalid pk "{body["user"]}" - object does not exist.']})
        document["tokens"][identifier] = _new_token(body, intent, owner)
        return answer(request, _token_object(document, identifier), 201)


def _new_token(body: dict[str, Any], intent: str, owner: str) -> Document:
    expiring = body.get("expiring", True)
    expires = body.get("expires") or stamp(datetime.now(UTC) + timedelta(minutes=30))
    key = secrets.token_urlsafe(45).replace("-", "x").replace("_", "y")
    what = {"pk": str(uuid.uuid4()), "intent": intent, "user": owner, "key": key}
    return what | {
        "expiring": expiring,
        "expires": expires,
        "description": body.get("description", ""),
        "managed": None,
    }


def _token_object(document: Document, identifier: str) -> dict[str, Any]:
    token = document["tokens"][identifier]
    plain = {name: token[name] for name in ("pk", "managed", "intent", "description", "expires", "expiring")}
    owner = {"user": document["users"][token["user"]]["pk"], "user_obj": user_object(document, token["user"])}
    return plain | owner | {"identifier": identifier}


async def view_key(request: Request) -> Response:
    """GET core/tokens/{identifier}/view_key/: the key itself; looking at it is logged."""
    caller = caller_of(request)
    with store_of(request).edit() as document:
        token = _own_token(document, caller, request)
        record(document, "secret_view", caller.user, identifier=request.path_params["identifier"])
    return answer(request, {"key": token["key"]})


async def delete_token(request: Request) -> Response:
    """DELETE core/tokens/{identifier}/."""
    caller = caller_of(request)
    with store_of(request).edit() as document:
        _own_token(document, caller, request)
        del document["tokens"][request.path_params["identifier"]]
    return nothing()


def _own_token(document: Document, caller: Caller, request: Request) -> Document:
    token: Document | None = document["tokens"].get(request.path_params["identifier"])
    if token is None or not (caller.superuser or token["user"] == caller.user):
        raise not_found("Token")
    return token
