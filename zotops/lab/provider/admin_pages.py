"""The administrators' page in a browser: the list of users, impersonation, passwords."""

from __future__ import annotations

import hmac
from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from zotops.lab.provider import document as documents
from zotops.lab.provider import sessions
from zotops.lab.provider.answers import store_of
from zotops.lab.provider.markup import csrf_field, error_page, field, form, page
from zotops.lab.provider.pages import form_of, to_login
from zotops.lab.state import Document


async def admin_page(request: Request) -> Response:
    """/if/admin/: the users, each with Impersonate and Set password; superusers only."""
    document, key = store_of(request).read(), sessions.key_of(request)
    session = sessions.login_of(document, key)
    if session is None:
        return to_login(request)
    name = sessions.effective_user(session)
    if name is None or not documents.is_superuser(document, name):
        return error_page(f"{name} may not administer authentik. Sign in as a superuser.", 403)
    rows = "".join(_user_row(document, session, username) for username in document["users"])
    return page("Users", f"<h1>Users</h1><table>{rows}</table>")


def _user_row(document: Document, session: Document, username: str) -> str:
    user = document["users"][username]
    hidden, path = csrf_field(session["csrf"]), f"/if/admin/users/{user['pk']}"
    groups = escape(", ".join(user["groups"]) or "no group")
    impersonate = form(hidden + field("Reason", "reason"), "Impersonate", action=f"{path}/impersonate/", inline=True)
    password = form(
        hidden + field("Password", "password", "password"), "Set password", action=f"{path}/password/", inline=True
    )
    return (
        f'<tr data-user="{escape(username)}"><td>{escape(username)}</td><td>{escape(user["type"])}</td>'
        f"<td>{groups}</td><td>{impersonate}</td><td>{password}</td></tr>"
    )


async def admin_action(request: Request) -> Response:
    """The forms of the administrators' page and the end of an impersonation."""
    given = await form_of(request) or {}
    with store_of(request).edit() as document:
        session = sessions.login_of(document, sessions.key_of(request))
        if session is None or not hmac.compare_digest(given.get("csrf", "").encode(), session["csrf"].encode()):
            return error_page("The form is no longer valid: open the page again.", 403)
        action, admin = request.path_params.get("action", "end"), sessions.effective_user(session) or ""
        if action == "end":
            session.update(impersonating=None, original=None)
            return RedirectResponse("/if/admin/", 303)
        username = documents.user_of_pk(document, request.path_params["id"])
        if username is None or not documents.is_superuser(document, admin):
            return error_page("There is no such user, or you may not do this.", 403)
        if action == "password" and given.get("password"):
            documents.set_password(document, username, given["password"])
            return RedirectResponse("/if/admin/", 303)
        if action != "impersonate" or not given.get("reason") or username == admin:
            return error_page("A reason, and another user than yourself; or a password, are needed.")
        session.update(impersonating=username, original=admin)
        documents.record(document, "impersonation_started", admin, reason=given["reason"], to=username)
        return RedirectResponse("/if/user/", 303)
