"""The authorization endpoint: who is signed in, may pass and has consented gets a code at the callback."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from zotops.lab.provider.access import application_of
from zotops.lab.provider.answers import store_of
from zotops.lab.provider.claims import granted
from zotops.lab.provider.document import EXPLICIT_CONSENT
from zotops.lab.provider.markup import denied_page, error_page
from zotops.lab.provider.policies import passes
from zotops.lab.provider.sessions import effective_user, login_of, open_session, set_cookies
from zotops.lab.provider.tokens import seconds
from zotops.lab.state import Document


async def authorize(request: Request) -> Response:
    """Check the request, send who is not signed in to the login flow, and answer at the callback."""
    text = (await request.body()).decode() if request.method == "POST" else request.url.query
    asked = dict(parse_qsl(text))
    with store_of(request).edit() as document:
        name = next(
            (own for own, row in document["providers"].items() if row["client_id"] == asked.get("client_id")), None
        )
        if name is None:
            return error_page("The client identifier (client_id) is missing or invalid.")
        if not _redirect_allowed(document["providers"][name], asked.get("redirect_uri", "")):
            return error_page("The redirect address of this request is not registered for the application.")
        if asked.get("response_type") != "code":
            return _back(asked, error="unsupported_response_type")
        key = open_session(document, request)
        response = _decide(document, request, name, key, text)
        return set_cookies(response, request, document, key)


def _redirect_allowed(provider: Document, url: str) -> bool:
    for allowed in provider["redirect_uris"]:
        strict = allowed["matching_mode"] == "strict"
        if url and (url == allowed["url"] if strict else re.fullmatch(allowed["url"], url)):
            return True
    return False


def _back(asked: dict[str, str], **answer: str) -> Response:
    url, state = asked["redirect_uri"], {"state": asked["state"]} if asked.get("state") else {}
    return RedirectResponse(f"{url}{'&' if '?' in url else '?'}{urlencode(answer | state)}", 302)


def _decide(document: Document, request: Request, name: str, key: str, text: str) -> Response:
    asked, session = dict(parse_qsl(text)), login_of(document, key)
    if session is None and "none" in asked.get("prompt", "").split():
        return _back(asked, error="login_required")
    if session is None or _must_sign_in_again(session, asked):
        if session is None:
            document["sessions"][key]["login_wanted"] = 0
        return _to_login(document, request, name, text)
    username, slug = effective_user(session), application_of(document, name)
    if slug is None or username is None or not passes(document, slug, username):
        return denied_page(username or "", document["applications"].get(slug, {}).get("name", ""))
    flow = document["providers"][name]["authorization_flow"]
    if flow == EXPLICIT_CONSENT:
        callback = callback_with_code(document, name, key, asked)
        running = {"slug": flow, "stage": "consent", "uid_field": username, "user": username}
        session["flow"] = running | {"to": callback, "token": secrets.token_hex(16)}
        return RedirectResponse(f"/if/flow/{flow}/?{text}", 302)
    return RedirectResponse(callback_with_code(document, name, key, asked), 302)


def _must_sign_in_again(session: Document, asked: dict[str, str]) -> bool:
    """`max_age` sends an old login to the login flow; `prompt=login` any login, once: the one that follows passes."""
    if asked.get("max_age", "").isdigit() and time.time() - session["auth_time"] > int(asked["max_age"]):
        return True
    if "login" not in asked.get("prompt", "").split():
        return False
    known, session["login_wanted"] = session["login_wanted"], session["auth_time"]
    return known in (None, session["auth_time"])


def _to_login(document: Document, request: Request, name: str, text: str) -> Response:
    flow = document["providers"][name]["authentication_flow"] or document["brand"]["authentication_flow"]
    again = quote(f"{request.url.path}?{text}", safe="")
    return RedirectResponse(f"/if/flow/{flow}/?{text}&next={again}", 302)


def callback_with_code(document: Document, name: str, key: str, asked: dict[str, str]) -> str:
    """Make a code for the session's user and return the callback's address with it."""
    provider, session = document["providers"][name], document["sessions"][key]
    code = secrets.token_hex(16)
    who: dict[str, Any] = {"user": effective_user(session), "auth_time": session["auth_time"], "amr": session["amr"]}
    pkce = {"code_challenge": asked.get("code_challenge"), "code_challenge_method": asked.get("code_challenge_method")}
    how = {"redirect_uri": asked["redirect_uri"], "nonce": asked.get("nonce"), "session": key, "provider": name}
    scopes = granted(provider, asked.get("scope", "").split())
    expires = time.time() + seconds(provider["access_code_validity"])
    document["codes"] = {old: row for old, row in document["codes"].items() if row["expires"] > time.time()}
    document["codes"][code] = who | pkce | how | {"scopes": scopes, "expires": expires}
    return _back(asked, code=code).headers["location"]
