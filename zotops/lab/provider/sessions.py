"""Browser sessions: kept in the document under the cookie's value, anonymous until a login."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Literal

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from zotops.lab.provider.document import now, record, stamp
from zotops.lab.state import Document

COOKIE = "authentik_session"
CSRF_COOKIE = "authentik_csrf"
LIFETIME = timedelta(days=14)


def key_of(request: HTTPConnection) -> str | None:
    """The value of the session cookie that came with the request."""
    return request.cookies.get(COOKIE)


def open_session(document: Document, request: Request) -> str:
    """The key of the request's session, a new anonymous one when it has none that is still known."""
    key = key_of(request)
    if key in document["sessions"]:
        document["sessions"][key]["last_used"] = now()
        return str(key)
    return _add(document, request)


def _add(document: Document, request: Request) -> str:
    key, moment = secrets.token_urlsafe(24), datetime.now(UTC)
    nobody: Document = {
        "user": None,
        "impersonating": None,
        "original": None,
        "flow": None,
        "auth_time": None,
        "amr": [],
    }
    client = request.client.host if request.client else "127.0.0.1"
    seen = {"last_ip": client, "user_agent": request.headers.get("user-agent", ""), "last_used": stamp(moment)}
    ids = {"uuid": str(uuid.uuid4()), "csrf": secrets.token_urlsafe(24), "login_wanted": None}
    document["sessions"][key] = ids | nobody | seen | {"expires": stamp(moment + LIFETIME)}
    return key


def log_in(document: Document, key: str, username: str, method: str) -> str:
    """Sign the user in: the session gets a new key and a new CSRF value. Returns the new key."""
    session = document["sessions"].pop(key)
    fresh = secrets.token_urlsafe(24)
    session.update(user=username, impersonating=None, original=None, flow=None)
    amr = {"password": "pwd", "recovery": "recovery"}.get(method, method)
    session.update(csrf=secrets.token_urlsafe(24), auth_time=time.time(), amr=[amr])
    document["sessions"][fresh] = session
    document["users"][username]["last_login"] = now()
    record(document, "login", username, auth_method=method)
    return fresh


def log_out(document: Document, key: str) -> None:
    """End the session wholly."""
    session = document["sessions"].pop(key, None)
    if session and session["user"]:
        record(document, "logout", session["user"])


def login_of(document: Document, key: str | None) -> Document | None:
    """The session when somebody has really signed in with it and may still: known, not expired, user active."""
    session: Document | None = document["sessions"].get(key)
    if session is None or session["user"] is None or session["expires"] < now():
        return None
    user = document["users"].get(session["user"])
    return session if user is not None and user["is_active"] else None


def effective_user(session: Document) -> str | None:
    """Who acts in this session: the impersonated user, else the one who signed in."""
    name: str | None = session["impersonating"] or session["user"]
    return name


def set_cookies(response: Response, request: Request, document: Document, key: str) -> Response:
    """Hand the session and CSRF cookies to the browser: `Secure; SameSite=None` over https, `Lax` over http."""
    secure = request.url.scheme == "https"
    same_site: Literal["none", "lax"] = "none" if secure else "lax"
    age = int(LIFETIME.total_seconds())
    if key_of(request) != key:
        response.set_cookie(COOKIE, key, max_age=age, secure=secure, httponly=True, samesite=same_site)
    csrf = document["sessions"][key]["csrf"]
    if request.cookies.get(CSRF_COOKIE) != csrf:
        response.set_cookie(CSRF_COOKIE, csrf, max_age=age, secure=secure, samesite=same_site)
    return response
