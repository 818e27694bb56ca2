"""Who makes an API request: the owner of a bearer token, or the user of a session with its CSRF value."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from zotops.lab.provider.answers import Refused, store_of
from zotops.lab.provider.document import is_superuser, now
from zotops.lab.provider.sessions import CSRF_COOKIE, effective_user, key_of
from zotops.lab.state import Document

CSRF_HEADER = "x-authentik-csrf"
NO_PERMISSION = {"detail": "You do not have permission to perform this action."}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The user a request counts for, who is behind it while impersonating, and the session it came with."""

    user: str
    original: str | None
    session: str | None
    superuser: bool


def caller_of(request: Request) -> Caller:
    """Who calls; 403 with Authentik's words when that is nobody."""
    document = store_of(request).read()
    header = request.headers.get("authorization", "")
    if header:
        return _of_token(document, request, header)
    key = key_of(request)
    session = document["sessions"].get(key)
    user = effective_user(session) if session and session["expires"] > now() else None
    if session is None or user is None or user not in document["users"] or not _may_act(document, session):
        raise Refused(403, {"detail": "Authentication credentials were not provided."})
    require_csrf(request)
    original = session["original"] if session["impersonating"] else None
    return Caller(user=user, original=original, session=key, superuser=is_superuser(document, user))


def superuser_of(request: Request) -> Caller:
    """The caller, who must be a superuser: 403 otherwise."""
    caller = caller_of(request)
    if not caller.superuser:
        raise Refused(403, NO_PERMISSION)
    return caller


def require_csrf(request: Request) -> None:
    """403 unless a changing request carries the CSRF cookie's value, and over https comes from our own pages."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    cookie, header = request.cookies.get(CSRF_COOKIE, ""), request.headers.get(CSRF_HEADER, "")
    if not cookie or not header:
        raise Refused(403, {"detail": "CSRF Failed: CSRF token missing."})
    if not hmac.compare_digest(cookie, header):
        raise Refused(403, {"detail": "CSRF Failed: CSRF token from the 'X-Authentik-Csrf' HTTP header incorrect."})
    if request.url.scheme == "https":
        source = request.headers.get("origin") or request.headers.get("referer") or ""
        if urlsplit(source).netloc != request.headers.get("host"):
            raise Refused(403, {"detail": "CSRF Failed: Referer checking failed - no Referer."})


def _of_token(document: Document, request: Request, header: str) -> Caller:
    kind, _, key = header.partition(" ")
    rows = document["tokens"].values() if kind.lower() == "bearer" and key else []
    for token in rows:
        if token["intent"] == "api" and hmac.compare_digest(token["key"].encode(), key.encode()):
            user = document["users"].get(token["user"])
            if user is None or not user["is_active"] or _expired(token):
                break
            superuser = is_superuser(document, token["user"])
            known = key_of(request) if key_of(request) in document["sessions"] else None
            return Caller(user=token["user"], original=None, session=known, superuser=superuser)
    raise Refused(403, {"detail": "Token invalid/expired"})


def _expired(token: Document) -> bool:
    return bool(token["expiring"] and token["expires"] and token["expires"] < now())


def _may_act(document: Document, session: Document) -> bool:
    """Impersonation works even for an inactive user; the one who signed in must still be active."""
    signed_in = session["user"] or session["original"]
    return signed_in in document["users"] and bool(document["users"][signed_in]["is_active"])
