"""The addresses of one application's OpenID Connect endpoints, built from the host that the client used."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from zotops.lab.state import Document


def origin(request: Request) -> str:
    """Scheme and host by which this request reached us."""
    return f"{request.url.scheme}://{request.headers.get('host', '127.0.0.1')}"


def endpoints(request: Request, provider: Document, slug: str, quirks: Document) -> dict[str, str]:
    """The addresses under the names of the API's `setup_urls`; the issuer ends with a slash."""
    root = origin(request)
    oauth, own = f"{root}/application/o/", f"{root}/application/o/{slug}/"
    issuer = own if provider["issuer_mode"] == "per_provider" else f"{root}/"
    return {
        "issuer": issuer.rstrip("/") if quirks.get("issuer_without_slash") else issuer,
        "authorize": f"{oauth}authorize/",
        "token": f"{oauth}token/",
        "user_info": f"{oauth}userinfo/",
        "provider_info": f"{own}.well-known/openid-configuration",
        "logout": f"{own}end-session/",
        "jwks": f"{own}jwks/",
    }


def discovery(urls: dict[str, str], provider: Document) -> dict[str, Any]:
    """The discovery document, OpenID Connect Discovery 1.0 section 3."""
    scopes = list(provider["property_mappings"])
    signed = "RS256" if provider["signing_key"] else "HS256"
    profile = ["name", "given_name", "preferred_username", "nickname", "groups"]
    oauth = urls["authorize"].removesuffix("authorize/")
    return {
        "issuer": urls["issuer"],
        "authorization_endpoint": urls["authorize"],
        "token_endpoint": urls["token"],
        "userinfo_endpoint": urls["user_info"],
        "end_session_endpoint": urls["logout"],
        "introspection_endpoint": f"{oauth}introspect/",
        "revocation_endpoint": f"{oauth}revoke/",
        "device_authorization_endpoint": f"{oauth}device/",
        "jwks_uri": urls["jwks"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "id_token_signing_alg_values_supported": [signed],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "acr_values_supported": ["goauthentik.io/providers/oauth2/default"],
        "scopes_supported": scopes,
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", *profile],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "code_challenge_methods_supported": ["plain", "S256"],
    }
