"""The document of a world in which nobody has used the provider yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from zotops.lab.provider.document import (
    EXPLICIT_CONSENT,
    IMPLICIT_CONSENT,
    LOGIN_FLOW,
    PROVIDER_SIGN_OUT_FLOW,
    SELF_SIGNED,
    SIGN_OUT_FLOW,
    SUPERUSERS,
    new_group,
    new_user,
    pk_of,
    stamp,
)
from zotops.lab.provider.worker import add_instance, apply_instance
from zotops.lab.state import Document

_FLOWS = {
    LOGIN_FLOW: ("Welcome to authentik!", "authentication"),
    IMPLICIT_CONSENT: ("Authorize Application", "authorization"),
    EXPLICIT_CONSENT: ("Authorize Application", "authorization"),
    SIGN_OUT_FLOW: ("Logout", "invalidation"),
    PROVIDER_SIGN_OUT_FLOW: ("Provider Logout", "invalidation"),
}
_SCOPES = {
    "openid": "return {}",
    "email": 'return {"email": request.user.email, "email_verified": False}',
    "profile": 'return {"name": request.user.name, "preferred_username": request.user.username, "groups": [...]}',
    "offline_access": "return {}",
}
_OTHER_FILES = {
    "custom/common.yaml": ("Practice Common", 'version: 1\nmetadata: {name: "Practice Common"}\nentries: []\n'),
    "custom/mfa.yaml": ("Practice MFA", 'version: 1\nmetadata: {name: "Practice MFA"}\nentries: []\n'),
}


def first_document(world: dict[str, Any], state: str, blueprint_text: str) -> Document:
    """The document before anybody used the provider; in `hardened`, a run has signed the CI user in once before."""
    document = _empty(world["secrets"]["client_secret"])
    _add_people(document, world)
    _add_blueprints(document, world["names"], blueprint_text)
    if state == "hardened":
        ci_user = document["users"][world["names"]["ci_user"]]
        ci_user["last_login"] = stamp(datetime.now(UTC) - timedelta(days=1))
    return document


def _empty(client_secret: str) -> Document:
    flows = {
        slug: {"pk": pk_of("flow", slug), "name": name, "designation": kind} for slug, (name, kind) in _FLOWS.items()
    }
    mappings = {
        scope: {
            "pk": pk_of("scope", scope),
            "managed": f"goauthentik.io/providers/oauth2/scope-{scope}",
            "name": f"authentik default OAuth Mapping: OpenID '{scope}'",
            "expression": expression,
            "description": "",
        }
        for scope, expression in _SCOPES.items()
    }
    login = {"password_with_user_name": False, "remember_me": False, "impersonation": True}
    return {
        "brand": {"recovery_flow": None, "authentication_flow": LOGIN_FLOW},
        "login": login | {"mfa": "skip", "enrol": ["totp"]},
        "worker": {"environment": {"AUTHENTIK_ZOT_CLIENT_SECRET": client_secret}, "files": {}},
        "flows": flows,
        "signing_keys": {SELF_SIGNED: {"pk": pk_of("key", SELF_SIGNED), "jwk": None}},
        "scope_mappings": mappings,
        **{section: {} for section in ("groups", "users", "providers", "applications", "blueprints", "tokens")},
        **{section: {} for section in ("sessions", "codes", "access_tokens")},
        **{section: [] for section in ("devices", "bindings", "events")},
    }


def _add_people(document: Document, world: dict[str, Any]) -> None:
    names, secrets = world["names"], world["secrets"]
    new_group(document, SUPERUSERS, is_superuser=True)
    new_group(document, names["admin_group"])
    groups = {names["superuser"]: [SUPERUSERS], names["admin_user"]: [names["admin_group"]], names["guest"]: []}
    for username, of in groups.items():
        mail = f"{username}@example.org"
        new_user(document, username, name=username.title(), email=mail, groups=of)
        document["users"][username]["password"] = secrets["passwords"][username]
    token = {"pk": pk_of("token", "practice-api"), "intent": "api", "user": names["superuser"]}
    more = {"key": secrets["provider_token"], "expiring": False, "expires": None, "description": "", "managed": None}
    document["tokens"]["practice-api"] = token | more


def _add_blueprints(document: Document, names: dict[str, str], text: str) -> None:
    for path, (name, content) in _OTHER_FILES.items():
        document["worker"]["files"][path] = content
        add_instance(document, path, name)
        apply_instance(document, path)
    document["worker"]["files"][names["blueprint_path"]] = text
    add_instance(document, names["blueprint_path"], names["blueprint_name"])
    apply_instance(document, names["blueprint_path"])
    problem = document["blueprints"][names["blueprint_path"]]["problem"]
    if problem:
        raise ValueError(f"the first blueprint of the practice world is wrong: {problem}")
