"""Authentik's admin API: the calls that zotops makes, with small frozen answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Profile
from zotops.systems.authentik_answers import (
    Access,
    Application,
    Binding,
    Blueprint,
    BlueprintFile,
    Device,
    Group,
    Me,
    Provider,
    Session,
    Token,
    User,
)
from zotops.world import Http, Reply, Secret, World

Kind = TypeVar("Kind")

# An object that is absent, or that the token may not see.
NOT_SHOWN = 404
WRONG = 400
REFUSED = (401, 403)
BUSY = (408, 429)
NOT_OFFERED = (404, 405, 501)
# The worker is asked for its files and may be busy.
SLOW = 40.0


@dataclass(frozen=True, kw_only=True)
class Authentik:
    """The admin API under `url` with a token of intent `api`.

    Every call may raise Unreachable: no answer, a refused token, an answer in an unknown form.
    """

    http: Http
    url: str
    token: Secret
    register: Callable[[Secret], None]

    def version(self) -> str:
        """The server's version, as `2026.2.0`."""
        return str(self._read("/admin/version/", dict[str, Any]).get("version_current", ""))

    def me(self) -> Me:
        """Who the token belongs to."""
        return self._read("/core/users/me/", Me)

    def user(self, username: str) -> User | None:
        """The user of exactly this name; a filter that the server does not know would return everybody."""
        found = self._list("/core/users/", User, {"username": username})
        return next((user for user in found if user.username == username), None)

    def group(self, name: str) -> Group | None:
        """The group of exactly this name."""
        return next((group for group in self._list("/core/groups/", Group, {"name": name}) if group.name == name), None)

    def members(self, group: str) -> frozenset[str]:
        """The user names of the direct members of a group."""
        users = self._list("/core/users/", User, {"groups_by_name": group})
        return frozenset(user.username for user in users if group in user.groups)

    def provider(self, client_id: str) -> Provider | None:
        """The OAuth2 provider with this client id; its client secret comes in clear and is registered at once."""
        found = self._list("/providers/oauth2/", Provider, {"client_id": client_id})
        return next((provider for provider in found if provider.client_id == client_id), None)

    def issuer(self, provider: Provider) -> str | None:
        """The provider's issuer as built from the host of this very request; None without an application."""
        answer = self._find(f"/providers/oauth2/{provider.pk}/setup_urls/", dict[str, Any])
        return None if answer is None else str(answer.get("issuer", ""))

    def scopes(self, provider: Provider) -> frozenset[str]:
        """The names of the scopes that the provider's mappings give out."""
        mappings = self._list("/propertymappings/provider/scope/", dict[str, Any])
        return frozenset(str(row.get("scope_name")) for row in mappings if row.get("pk") in provider.property_mappings)

    def preview(self, provider: Provider, user: User) -> Mapping[str, Any]:
        """The claims that this user's ID token would carry; userinfo may carry more (`include_claims_in_id_token`)."""
        path = f"/providers/oauth2/{provider.pk}/preview_user/"
        reply = self._call("GET", path, {"for_user": user.pk})
        if reply.status == WRONG:
            raise Unreachable(
                f"{self.url} does not preview the claims of {user.username}: {reply.text[:120]}",
                remedy="the API token's user needs to be a superuser",
            )
        answer: Any = self._as(dict[str, Any], reply).get("preview", {})
        return dict(answer)

    def application(self, slug: str) -> Application | None:
        """The application of this slug."""
        return self._find(f"/core/applications/{slug}/", Application)

    def bindings(self, application: Application) -> tuple[Binding, ...]:
        """The application's bindings in their order; none at all: it is open to everybody."""
        return tuple(sorted(self._list("/policies/bindings/", Binding, {"target": application.target}), key=_order))

    def check_access(self, slug: str, user: User) -> Access:
        """Whether the user gets in. Only for a superuser's token: others silently get the answer about themselves."""
        return self._read(f"/core/applications/{slug}/check_access/", Access, {"for_user": user.pk})

    def blueprint(self, path: str) -> Blueprint | None:
        """The blueprint instance with this path."""
        found = self._list("/managed/blueprints/", Blueprint, {"path": path})
        return next((blueprint for blueprint in found if blueprint.path == path), None)

    def available_blueprints(self) -> tuple[BlueprintFile, ...]:
        """The blueprint files as the worker sees them now; waits for the worker."""
        return self._as(tuple[BlueprintFile, ...], self._call("GET", "/managed/blueprints/available/", timeout=SLOW))

    def apply_blueprint(self, blueprint: Blueprint) -> None:
        """Ask the worker to apply it; the answer shows the old state, so poll `blueprint` afterwards."""
        self._change("POST", f"/managed/blueprints/{blueprint.pk}/apply/")

    def set_password(self, user: User, password: Secret) -> None:
        """Set a user's password. ActionFailed when the server refuses it."""
        self.register(password)
        self._change("POST", f"/core/users/{user.pk}/set_password/", {"password": password.reveal()})

    def sessions(self, user: User) -> tuple[Session, ...]:
        """The live sessions of a user."""
        found = self._list("/core/authenticated_sessions/", Session, {"user__username": user.username})
        return tuple(session for session in found if session.user == user.pk)

    def end_session(self, session: Session) -> None:
        """Delete a session; one that is gone already is fine."""
        self._change("DELETE", f"/core/authenticated_sessions/{session.uuid}/")

    def recovery_tokens(self, user: User) -> tuple[Token, ...] | None:
        """The user's recovery keys that nobody has used yet, never their values; None: the server lists no tokens."""
        query = {"user__username": user.username, "intent": "recovery"}
        if self._call("GET", "/core/tokens/", query).status in NOT_OFFERED:
            return None
        found = self._list("/core/tokens/", Token, query)
        return tuple(token for token in found if token.user == user.pk and token.intent == "recovery")

    def remove_token(self, token: Token) -> None:
        """Delete a token; one that is gone already is fine."""
        self._change("DELETE", f"/core/tokens/{token.identifier}/")

    def devices(self, user: User) -> tuple[Device, ...]:
        """The second factors of a user."""
        return self._as(tuple[Device, ...], self._call("GET", "/authenticators/admin/all/", {"user": user.pk}))

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        body: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Reply:
        url = f"{self.url}/api/v3{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self.token.reveal()}", "Accept": "application/json"}
        if method == "POST":
            headers["Content-Type"] = "application/json"
        content = json.dumps(body).encode() if body else b""
        reply = self.http.send(method, url, headers=headers, body=content, timeout=timeout)
        if reply.status in REFUSED:
            raise Unreachable(
                f"{self.url} refuses the API token for {path}: {reply.status}",
                remedy="it needs intent `api`, an active superuser as its owner, and must not have expired",
            )
        if reply.status in BUSY or (reply.status // 100 in {3, 5} and reply.status not in NOT_OFFERED):
            raise Unreachable(
                f"{self.url} answered {reply.status} to {method} {path}", remedy="look at Authentik's log"
            )
        return reply

    def _change(self, method: str, path: str, body: Mapping[str, str] | None = None) -> None:
        reply = self._call(method, path, body=body)
        if reply.status >= WRONG and not (method == "DELETE" and reply.status == NOT_SHOWN):
            raise ActionFailed(f"{self.url} refused {method} {path}: {reply.status}")

    def _find(self, path: str, kind: type[Kind]) -> Kind | None:
        reply = self._call("GET", path)
        return None if reply.status == NOT_SHOWN else self._as(kind, reply)

    def _read(self, path: str, kind: type[Kind], query: Mapping[str, object] | None = None) -> Kind:
        return self._as(kind, self._call("GET", path, query))

    def _list(self, path: str, kind: type[Kind], query: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        rows: list[Any] = []
        page = 1
        while page:  # `pagination.next` is 0 on the last page
            answer = self._read(path, dict[str, Any], {**(query or {}), "page": page, "page_size": 100})
            rows += answer.get("results", [])
            following = answer.get("pagination", {}).get("next", 0)
            page = following if following > page else 0
        return tuple(self._convert(row, kind, path) for row in rows)

    def _as(self, kind: type[Kind], reply: Reply) -> Kind:
        if reply.status >= WRONG:
            raise Unreachable(f"{self.url} answered {reply.status} to {reply.method} {reply.url}")
        return self._convert(reply.json(), kind, reply.url)

    def _convert(self, raw: Any, kind: type[Kind], where: str) -> Kind:
        try:
            return msgspec.convert(raw, kind, dec_hook=self._secret)
        except msgspec.ValidationError as error:
            raise Unreachable(f"{where} answers in a form that is not known: {error}") from error

    def _secret(self, kind: type, value: Any) -> Any:
        """A field of type Secret is registered before anybody can hold it."""
        if kind is not Secret:
            raise NotImplementedError(kind)
        secret = Secret(str(value))
        self.register(secret)
        return secret


def _order(binding: Binding) -> int:
    return binding.order


def open_authentik(world: World, profile: Profile) -> Authentik:
    """The admin API of the profile's provider, with the token that the vault keeps for it."""
    token = world.secrets.read(profile.provider_token)
    if not token or token.reveal() != token.reveal().strip():
        raise Unreachable(
            f"{profile.provider_token} holds {'no token' if not token else 'a token with a line break around it'}",
            remedy=f"make a token of intent `api` on {profile.identity_provider.url}/if/admin/#/core/tokens",
        )
    return Authentik(http=world.http, url=profile.identity_provider.url, token=token, register=world.register)
