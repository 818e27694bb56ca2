"""The API's calls about users and groups, impersonation among them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zotops.lab.provider import document as documents
from zotops.lab.provider.answers import Refused, answer, body_of, not_found, nothing, page_of, store_of
from zotops.lab.provider.callers import NO_PERMISSION, caller_of, superuser_of
from zotops.lab.provider.people import device_object, group_object, self_object, user_object
from zotops.lab.provider.sessions import open_session, set_cookies
from zotops.lab.state import Document


async def users(request: Request) -> Response:
    """GET core/users/: filters that are not known are ignored; who may see nobody gets an empty list."""
    caller, document, wanted = caller_of(request), store_of(request).read(), request.query_params
    rows = [
        user_object(document, name, with_groups=wanted.get("include_groups") != "false")
        for name in (document["users"] if caller.superuser else [])
        if _matches(document, name, request)
    ]
    return answer(request, page_of(request, rows))


def _matches(document: Document, username: str, request: Request) -> bool:
    user, wanted = document["users"][username], request.query_params
    fields = user | {"username": username, "is_superuser": documents.is_superuser(document, username)}
    for name in ("username", "name", "email", "uuid", "path"):
        if name in wanted and str(fields[name]) != wanted[name]:
            return False
    for name in ("is_active", "is_superuser"):
        if name in wanted and str(fields[name]).lower() != wanted[name].lower():
            return False
    types, groups = wanted.getlist("type"), wanted.getlist("groups_by_name")
    text = wanted.get("search", "").lower()
    found = any(text in str(fields[name]).lower() for name in ("username", "name", "email"))
    return found and (not types or user["type"] in types) and (not groups or bool(set(groups) & set(user["groups"])))


async def user(request: Request) -> Response:
    """GET core/users/{id}/."""
    document = store_of(request).read()
    return answer(request, user_object(document, _visible_user(request, document)))


def _visible_user(request: Request, document: Document) -> str:
    caller, username = caller_of(request), documents.user_of_pk(document, request.path_params["id"])
    if username is None or not caller.superuser:
        raise not_found("User")
    return username


async def me(request: Request) -> Response:
    """GET core/users/me/: who the request counts for, and `original` only while impersonating."""
    caller, document = caller_of(request), store_of(request).read()
    found = {"user": self_object(document, caller.user)}
    if caller.original in document["users"]:
        found["original"] = self_object(document, str(caller.original))
    return answer(request, found)


async def set_password(request: Request) -> Response:
    """POST core/users/{id}/set_password/."""
    superuser_of(request)
    body = await body_of(request)
    with store_of(request).edit() as document:
        username = _visible_user(request, document)
        password = body.get("password")
        if not isinstance(password, str) or not password:
            raise Refused(400)
        documents.set_password(document, username, password)
    return nothing()


async def recovery(request: Request) -> Response:
    """POST core/users/{id}/recovery/: the default brand has no recovery flow, so this is refused."""
    superuser_of(request)
    await body_of(request)
    with store_of(request).edit() as document:
        _visible_user(request, document)
        if not document["brand"]["recovery_flow"]:
            raise Refused(400, {"non_field_errors": ["No recovery flow set."]})
    raise Refused(501, {"detail": "not implemented by the practice world"})


async def impersonate(request: Request) -> Response:
    """POST core/users/{id}/impersonate/: the session then acts as that user, but stays the caller's own.

    With an API token there is no session that anybody signed in to: the answer is 204 all the same, and the
    session it starts can not finish a sign-in.
    """
    caller = caller_of(request)
    body = await body_of(request)
    with store_of(request).edit() as document:
        if not document["login"]["impersonation"]:
            raise Refused(401)
        if not caller.superuser:
            raise Refused(403, NO_PERMISSION)
        username = _visible_user(request, document)
        if not body.get("reason"):
            raise Refused(400, {"reason": ["This field is required."]})
        if username == caller.user:
            raise Refused(401)
        key = open_session(document, request)
        document["sessions"][key].update(impersonating=username, original=caller.user)
        documents.record(document, "impersonation_started", caller.user, reason=body["reason"], to=username)
    return set_cookies(nothing(), request, document, key)


async def impersonate_end(request: Request) -> Response:
    """GET core/users/impersonate_end/: 204 always, even when nothing was impersonated."""
    caller = caller_of(request)
    with store_of(request).edit() as document:
        session = document["sessions"].get(caller.session)
        if session and session["impersonating"]:
            documents.record(document, "impersonation_ended", session["original"], to=session["impersonating"])
            session.update(impersonating=None, original=None)
    return nothing()


async def groups(request: Request) -> Response:
    """GET core/groups/: with `users_obj` unless `include_users=false`."""
    caller, document, wanted = caller_of(request), store_of(request).read(), request.query_params
    members = set(wanted.getlist("members_by_username"))
    rows = [
        group_object(document, name, with_users=wanted.get("include_users") != "false")
        for name, group in (document["groups"] if caller.superuser else {}).items()
        if wanted.get("name", name) == name
        and wanted.get("is_superuser", str(group["is_superuser"])).lower() == str(group["is_superuser"]).lower()
        and wanted.get("search", "").lower() in name.lower()
        and (not members or any(name in document["users"][user]["groups"] for user in members & set(document["users"])))
    ]
    return answer(request, page_of(request, rows))


async def devices(request: Request) -> Response:
    """GET authenticators/admin/all/: the MFA devices of one user, or of all."""
    superuser_of(request)
    document, wanted = store_of(request).read(), request.query_params.get("user")
    username = documents.user_of_pk(document, wanted) if wanted is not None else None
    rows = [device for device in document["devices"] if wanted is None or device["user"] == username]
    return answer(request, [device_object(device) for device in rows])
