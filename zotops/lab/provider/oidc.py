"""OpenID Connect for the applications: discovery, keys, tokens for codes, userinfo, end of session."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from zotops.lab.provider.access import application_of
from zotops.lab.provider.answers import Refused, answer, store_of
from zotops.lab.provider.claims import claims, subject
from zotops.lab.provider.endpoints import discovery, endpoints
from zotops.lab.provider.sessions import key_of
from zotops.lab.provider.tokens import id_claims, seconds
from zotops.lab.state import Document


class TokenError(Exception):
    """A refusal of the token endpoint, RFC 6749 section 5.2."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


def _provider_of(request: Request, document: Document) -> tuple[str, str]:
    slug = request.path_params["slug"]
    name = document["applications"].get(slug, {}).get("provider")
    if name not in document["providers"]:
        raise Refused(404, {"detail": "Not found."})
    return slug, name


async def configuration(request: Request) -> Response:
    """The discovery document; 404 when there is no such application or it has no provider."""
    store = store_of(request)
    document = store.read()
    slug, name = _provider_of(request, document)
    provider = document["providers"][name]
    return answer(request, discovery(endpoints(request, provider, slug, store.quirks()), provider))


async def jwks(request: Request) -> Response:
    """The public keys that ID tokens are signed with."""
    from zotops.lab.provider.signing import public_keys

    store = store_of(request)
    _, name = _provider_of(request, store.read())
    return JSONResponse({"keys": public_keys(store, store.read()["providers"][name])})


async def token(request: Request) -> Response:
    """A code for tokens; every refusal is 400 with the code of RFC 6749."""
    form = dict(parse_qsl((await request.body()).decode()))
    try:
        content = _exchange(request, form)
    except TokenError as error:
        return JSONResponse({"error": error.code, "error_description": error.description}, 400)
    return JSONResponse(content, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _exchange(request: Request, form: dict[str, str]) -> dict[str, Any]:
    store = store_of(request)
    with store.edit() as document:
        client_id, client_secret = _client(request, form)
        name = _authenticated(document, client_id, client_secret)
        if form.get("grant_type") != "authorization_code":
            raise TokenError("unsupported_grant_type", "The practice world exchanges authorization codes only")
        code = document["codes"].pop(form.get("code", ""), None)
    if code is None or code["expires"] < time.time() or code["provider"] != name:
        raise TokenError("invalid_grant", "The code is unknown, was used before, has expired or is another client's")
    _check_code(code, form)
    return _tokens(request, name, code)


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, client_secret = base64.b64decode(value).decode().partition(":")
        except ValueError as error:
            raise TokenError("invalid_client", "The Authorization header is not HTTP Basic") from error
        return unquote_plus(client_id), unquote_plus(client_secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _authenticated(document: Document, client_id: str, client_secret: str) -> str:
    for name, row in document["providers"].items():
        known = hmac.compare_digest(row["client_secret"].encode(), client_secret.encode())
        if row["client_id"] == client_id and (known or row["client_type"] == "public"):
            return str(name)
    raise TokenError("invalid_client", "Client authentication failed")


def _check_code(code: Document, form: dict[str, str]) -> None:
    if code["redirect_uri"] != form.get("redirect_uri"):
        raise TokenError("invalid_grant", "The redirect URI differs from the one of the authorization")
    challenge, verifier = code["code_challenge"], form.get("code_verifier")
    if bool(challenge) != bool(verifier):
        raise TokenError("invalid_grant", "code_challenge and code_verifier go together")
    if challenge and verifier:
        hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if challenge != (hashed if code["code_challenge_method"] == "S256" else verifier):
            raise TokenError("invalid_grant", "The code_verifier does not fit the code_challenge")


def _tokens(request: Request, name: str, code: Document) -> dict[str, Any]:
    from zotops.lab.provider.signing import signed

    store, access_token = store_of(request), secrets.token_urlsafe(32)
    with store.edit() as document:
        lifetime = seconds(document["providers"][name]["access_token_validity"])
        ours = {field: code[field] for field in ("user", "provider", "scopes", "session")}
        document["access_tokens"][access_token] = ours | {"expires": time.time() + lifetime}
    provider = document["providers"][name]
    slug = application_of(document, name) or ""
    issuer = endpoints(request, provider, slug, store.quirks())["issuer"]
    found = id_claims(document, store.quirks(), name, issuer=issuer, username=code["user"], scopes=code["scopes"])
    found |= {"auth_time": int(code["auth_time"]), "amr": code["amr"]} | (
        {"nonce": code["nonce"]} if code["nonce"] else {}
    )
    plain = {"access_token": access_token, "token_type": "Bearer", "expires_in": lifetime}
    id_token = {"id_token": signed(store, provider, found)} if "openid" in code["scopes"] else {}
    return plain | {"scope": " ".join(code["scopes"])} | id_token


async def userinfo(request: Request) -> Response:
    """The claims of the access token's scopes, always with `groups` when `profile` is among them."""
    store = store_of(request)
    document = store.read()
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    found = document["access_tokens"].get(value) if kind.lower() == "bearer" else None
    if found is None or found["expires"] < time.time() or found["user"] not in document["users"]:
        challenge = 'Bearer error="invalid_token", error_description="The access token is unknown or has expired"'
        return Response(status_code=401, headers={"WWW-Authenticate": challenge})
    provider = document["providers"][found["provider"]]
    who = {"sub": subject(document, provider, found["user"])}
    return answer(request, who | claims(document, store.quirks(), found["user"], found["scopes"]))


async def end_session(request: Request) -> Response:
    """The application's part of the session ends: its access tokens go; the page offers to sign out wholly."""
    with store_of(request).edit() as document:
        _, name = _provider_of(request, document)
        flow = document["providers"][name]["invalidation_flow"]
        ours = (key_of(request), name)
        kept = {key: row for key, row in document["access_tokens"].items() if (row["session"], row["provider"]) != ours}
        document["access_tokens"] = kept
    return RedirectResponse(f"/if/flow/{flow}/?{request.url.query}", 302)
