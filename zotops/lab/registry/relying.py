"""The registry as a client of its OpenID provider: discovery, the authorization address, tokens and claims."""

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode

from zotops.lab.registry.outside import Answer, Unreachable, ask
from zotops.lab.registry.settings import Provider

DEFAULT_USERNAME = "email"
OK = 200


class DiscoveryFailed(Exception):
    """The provider's document could not be read, or is another issuer's."""


class ExchangeFailed(Exception):
    """The provider did not give a valid token for the code."""


class UserinfoFailed(Exception):
    """The provider did not say who signed in."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who signed in: the claims of the userinfo answer and of the ID token."""

    userinfo: dict[str, Any]
    id_token: dict[str, Any]

    def username(self, claim: str) -> str:
        """The user's name by the mapped claim, else the e-mail; empty when there is neither."""
        found = self.userinfo.get(claim or DEFAULT_USERNAME) or self.userinfo.get(DEFAULT_USERNAME)
        return found if isinstance(found, str) else ""

    def groups(self, claim: str) -> list[str]:
        """The groups of both; a plain string is one group, anything that is no list is none."""
        found: set[str] = set()
        for claims in (self.userinfo, self.id_token):
            value = claims.get(claim)
            if isinstance(value, list):
                found |= {str(group) for group in value if group not in (None, "")}
            elif isinstance(value, str) and value:
                found.add(value)
        return sorted(found)


@dataclass(frozen=True)
class RelyingParty:
    """One provider as it was when the registry started."""

    provider: Provider
    endpoints: dict[str, Any]
    redirect_uri: str

    @classmethod
    def discover(cls, provider: Provider, *, origin: str) -> "RelyingParty":
        """Read the provider's document; DiscoveryFailed unless its issuer is the configured one byte for byte."""
        url = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            answer = ask("GET", url)
            endpoints = answer.document()
        except (Unreachable, ValueError) as error:
            raise DiscoveryFailed(f"OpenID Provider Configuration Discovery has failed\n{error}") from error
        if answer.status != OK:
            sentence = f"http status not ok: {answer.status}"
            raise DiscoveryFailed(f"OpenID Provider Configuration Discovery has failed\n{sentence}")
        if endpoints.get("issuer") != provider.issuer:
            raise DiscoveryFailed(f"issuer does not match: Expected: {provider.issuer}, got: {endpoints.get('issuer')}")
        return cls(provider, endpoints, f"{origin}/zot/auth/callback/{provider.key}")

    def authorization_url(self, state: str) -> str:
        """Where the browser goes to sign in."""
        parameters = {
            "client_id": self.provider.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": " ".join(self.provider.scopes),
            "state": state,
        }
        address = str(self.endpoints.get("authorization_endpoint"))
        return address + ("&" if "?" in address else "?") + urlencode(parameters)

    def identity(self, code: str) -> Identity:
        """Exchange a code for its user's claims; ExchangeFailed or UserinfoFailed."""
        tokens = self._tokens(code)
        claims = self._verified(str(tokens.get("id_token") or ""))
        kind = str(tokens.get("token_type") or "Bearer")
        bearer = {"Authorization": f"{kind[:1].upper()}{kind[1:]} {tokens.get('access_token')}"}
        try:
            answer = ask("GET", str(self.endpoints.get("userinfo_endpoint")), headers=bearer)
            userinfo = answer.document()
        except (Unreachable, ValueError) as error:
            raise UserinfoFailed(str(error)) from error
        if answer.status != OK:
            raise UserinfoFailed(f"http status not ok: {answer.status} {answer.content.decode(errors='replace')}")
        if userinfo.get("sub") != claims.get("sub"):
            raise UserinfoFailed("sub from userinfo does not match the sub from the id_token")
        return Identity(userinfo=userinfo, id_token=claims)

    def _tokens(self, code: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        pair = f"{quote_plus(self.provider.client_id)}:{quote_plus(self.provider.client_secret)}"
        basic = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        secrets = {"client_id": self.provider.client_id, "client_secret": self.provider.client_secret}
        try:
            # Go's oauth2 tries the header first and puts the secret into the form when that is refused
            answer = self._post(form, basic)
            if answer.status >= 400:  # noqa: PLR2004  # any refusal
                answer = self._post(form | secrets, {})
            tokens = answer.document() if answer.status < 300 else None  # noqa: PLR2004  # any success
        except (Unreachable, ValueError) as error:
            raise ExchangeFailed(str(error)) from error
        if tokens is None:
            raise ExchangeFailed(f"oauth2: {answer.content.decode(errors='replace')}")
        return tokens

    def _post(self, form: dict[str, str], headers: dict[str, str]) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        content = urlencode(form).encode()
        return ask("POST", str(self.endpoints.get("token_endpoint")), headers=headers | kind, content=content)

    def _verified(self, token: str) -> dict[str, Any]:
        # loaded at the first login: it takes longer than everything else together
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            keys = KeySet.import_key_set({"keys": self._published_keys.get("keys", [])})
            algorithms = ["RS256", "ES256", "PS256", "RS384", "RS512", "ES384", "ES512"]
            claims = dict(jwt.decode(token, keys, algorithms=algorithms).claims)
            wanted = jwt.JWTClaimsRegistry(
                leeway=5,
                iss={"essential": True, "value": self.provider.issuer},
                aud={"essential": True, "value": self.provider.client_id},
                exp={"essential": True},
            )
            wanted.validate(claims)
        except (JoseError, ValueError, Unreachable) as error:
            raise ExchangeFailed(str(error)) from error
        return claims

    @cached_property
    def _published_keys(self) -> dict[str, Any]:
        return ask("GET", str(self.endpoints.get("jwks_uri"))).document()
