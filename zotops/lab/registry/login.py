"""Signing in by the provider and out again: `/zot/auth/login`, `/zot/auth/callback/…`, `/zot/auth/logout`."""

import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from zotops.lab.registry.accounts import Accounts
from zotops.lab.registry.exchange import Reply, document, nothing, text
from zotops.lab.registry.logbook import Logbook
from zotops.lab.registry.refusals import Refused
from zotops.lab.registry.relying import ExchangeFailed, Identity, RelyingParty, UserinfoFailed
from zotops.lab.registry.sessions import LIFETIME, Sessions, UnusableKey
from zotops.lab.registry.settings import Settings
from zotops.lab.registry.visit import Visit

CALLBACK = "/zot/auth/callback"
STATE_LIFETIME = 120
STATE_FLAGS = "HttpOnly; Secure; SameSite=Lax"


class Login:
    """Handlers of the login flow; `settings` gives what is in force now."""

    def __init__(
        self,
        *,
        parties: Mapping[str, RelyingParty],
        sessions: Sessions,
        accounts: Accounts,
        settings: Callable[[], Settings],
        book: Logbook,
    ) -> None:
        self._parties, self._sessions, self._accounts = parties, sessions, accounts
        self._settings, self._book = settings, book

    def start(self, visit: Visit) -> Reply:
        """Send the browser to the provider, with two cookies that have to come back."""
        party = self._parties.get(visit.request.parameter("provider"))
        if party is None:
            self._book.error("failed to authenticate due to unrecognized openid provider")
            return nothing(HTTPStatus.BAD_REQUEST)
        settings = self._settings()
        allowed = [*settings.callback_origins, settings.external_url]
        state = str(uuid.uuid4())
        remembered = {"state": state, "callback": landing(visit.request.parameter("callback_ui"), allowed)}
        try:
            cookie = self._sessions.save("statecookie", remembered, path=CALLBACK)
        except UnusableKey:
            self._book.error("failed to save http session")
            return nothing(HTTPStatus.INTERNAL_SERVER_ERROR)
        signed = self._sessions.sign("state", state)
        second = f"state={signed}; Path=/; Max-Age={STATE_LIFETIME}; {STATE_FLAGS}"
        location = ("Location", party.authorization_url(state))
        return nothing(HTTPStatus.FOUND, cookie, ("Set-Cookie", second), location)

    def callback(self, visit: Visit) -> Reply:
        """Take the provider's code, find out who it is, and open a session."""
        party, request = self._parties.get(visit.names["provider"]), visit.request
        if party is None:
            return text(HTTPStatus.NOT_FOUND, "404 page not found\n")
        state = self._state(visit)
        spent = ("Set-Cookie", f"state=; Path=/; Max-Age=0; {STATE_FLAGS}")
        if problem := request.parameter("error"):
            sentence = f"{problem}: {request.parameter('error_description')}\n"
            return text(HTTPStatus.INTERNAL_SERVER_ERROR, sentence).with_headers(spent)
        try:
            identity = party.identity(request.parameter("code"))
        except ExchangeFailed as error:
            return unauthorized(f"failed to exchange token: {error}").with_headers(spent)
        except UserinfoFailed as error:
            return unauthorized(f"userinfo failed: {error}").with_headers(spent)
        return self._opened(visit, party, identity, state).with_headers(spent)

    def _state(self, visit: Visit) -> str:
        """The state that the browser was sent away with, if it came back as it was."""
        cookie = visit.request.cookies.get("state")
        if cookie is None:
            raise Refused(unauthorized("failed to get state: http: named cookie not present"))
        state = self._sessions.verify("state", cookie)
        if state is None or state != visit.request.parameter("state"):
            raise Refused(unauthorized("failed to get state: state does not compare"))
        return state

    def _opened(self, visit: Visit, party: RelyingParty, identity: Identity, state: str) -> Reply:
        provider = self._settings().providers.get(party.provider.key, party.provider)
        name = identity.username(provider.username_claim)
        if not name:
            self._book.error("failed to set user record for empty username value")
            return nothing(HTTPStatus.UNAUTHORIZED)
        remembered = self._sessions.open("statecookie", visit.request.cookies.get("statecookie", ""))
        if remembered is None or remembered.get("state") != state:
            self._book.error("failed to get 'state' cookie from request", component="openID")
            return nothing(HTTPStatus.UNAUTHORIZED)
        values: dict[str, Any] = {"user": name, "provider": party.provider.key}
        session = self._sessions.save("session", values, path="/")
        user = self._sessions.cookie("user", name, path="/", lifetime=LIFETIME, hidden=False)
        self._accounts.signed_in(name, identity.groups(provider.groups_claim))
        self._book.info("user profile set successfully", identity=name)
        if place := remembered.get("callback"):
            return nothing(HTTPStatus.FOUND, session, user, ("Location", str(place)))
        return nothing(HTTPStatus.CREATED, session, user)

    def logout(self, visit: Visit) -> Reply:
        """End the session at once; tells where the provider's own session can be ended."""
        cookie = visit.request.cookies.get("session", "")
        values = self._sessions.open("session", cookie) or {}
        self._sessions.end("session", cookie)
        gone = "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0"
        party = self._parties.get(str(values.get("provider")))
        answer: dict[str, str] = {}
        if party and (endpoint := party.endpoints.get("end_session_endpoint")):
            back = {
                "client_id": party.provider.client_id,
                "post_logout_redirect_uri": self._settings().origin + "/login",
            }
            answer = {"endSessionUrl": f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(back)}"}
        return document(HTTPStatus.OK, answer, ("Set-Cookie", gone))


def unauthorized(sentence: str) -> Reply:
    """401 with a sentence, and without asking for other credentials."""
    return text(HTTPStatus.UNAUTHORIZED, sentence + "\n")


def landing(wish: str, allowed: list[str]) -> str:
    """Where to go after the login: a path or an allowed origin stays, anything else becomes `/`."""
    if not wish:
        return ""
    parts = urlsplit(wish)
    if wish.startswith("//") or "\\" in wish or "\r" in wish or "\n" in wish:
        return "/"
    if not parts.scheme and not parts.netloc:
        return wish if wish.startswith("/") else "/"
    return wish if origin_of(wish) in {origin_of(one) for one in allowed if one} - {""} else "/"


def origin_of(url: str) -> str:
    """Scheme, host and port of an http address; empty for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{parts.port or {'http': 80, 'https': 443}[parts.scheme]}"
