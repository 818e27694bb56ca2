"""Writing one kind of object into the document from a blueprint's fields, with Authentik's defaults and refusals."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from zotops.lab.provider.document import new_group, new_user, pk_of
from zotops.lab.provider.tags import BlueprintError
from zotops.lab.state import Document


def known(document: Document, section: str, names: Any, field: str) -> None:
    """BlueprintError unless the section holds every one of these names."""
    for name in names if isinstance(names, list) else [names]:
        if name not in document[section]:
            raise BlueprintError(f"{field}: there is no such object in {section}: {name}")


def _group(document: Document, name: str, fields: Document) -> None:
    if name not in document["groups"]:
        new_group(document, name)
    known(document, "groups", fields.get("parents", []), "parents")
    merge(document["groups"][name], fields, ("is_superuser", "parents", "attributes"))


def _user(document: Document, name: str, fields: Document) -> None:
    if name not in document["users"]:
        new_user(document, name)
    known(document, "groups", fields.get("groups", []), "groups")
    merge(document["users"][name], fields, _USER_FIELDS)


def _scope(document: Document, name: str, fields: Document) -> None:
    empty = {"pk": pk_of("scope", name), "managed": None, "name": name, "expression": "return {}", "description": ""}
    merge(document["scope_mappings"].setdefault(name, empty), fields, tuple(empty))


def _provider(document: Document, name: str, fields: Document) -> None:
    if name not in document["providers"]:
        for needed in ("authorization_flow", "invalidation_flow", "redirect_uris"):
            if fields.get(needed) is None:
                raise BlueprintError(f"{needed}: this field is required")
        document["providers"][name] = _new_provider(document)
    if "client_secret" in fields and fields["client_secret"] is None:
        raise BlueprintError("client_secret: this field may not be null")
    for flow in ("authorization_flow", "invalidation_flow"):
        known(document, "flows", fields.get(flow, []), flow)
    known(document, "scope_mappings", fields.get("property_mappings", []), "property_mappings")
    if fields.get("signing_key"):
        known(document, "signing_keys", fields["signing_key"], "signing_key")
    merge(document["providers"][name], fields, tuple(document["providers"][name]))


def _new_provider(document: Document) -> Document:
    number = max((row["pk"] for row in document["providers"].values()), default=0) + 1
    flows = {"authentication_flow": None, "authorization_flow": "", "invalidation_flow": ""}
    client = {"client_type": "confidential", "client_id": secrets.token_hex(20), "client_secret": secrets.token_hex(64)}
    validity = {"access_code_validity": "minutes=1", "access_token_validity": "minutes=5"}
    refresh = {"refresh_token_validity": "days=30", "refresh_token_threshold": "hours=1"}
    keys = {"signing_key": None, "encryption_key": None, "include_claims_in_id_token": True}
    modes = {"sub_mode": "hashed_user_id", "issuer_mode": "per_provider"}
    lists: Document = {"redirect_uris": [], "property_mappings": []}
    return {"pk": number} | flows | client | validity | refresh | keys | modes | lists


def _application(document: Document, slug: str, fields: Document) -> None:
    if slug not in document["applications"] and not fields.get("name"):
        raise BlueprintError("name: this field is required")
    if fields.get("provider") is not None:
        known(document, "providers", fields["provider"], "provider")
    texts = {"meta_launch_url": "", "meta_icon": "", "meta_description": "", "meta_publisher": "", "group": ""}
    empty = {"pk": pk_of("application", slug), "name": slug, "provider": None, "policy_engine_mode": "any"}
    row = document["applications"].setdefault(slug, empty | texts | {"open_in_new_tab": False})
    merge(row, fields, tuple(row))


def merge(row: Document, fields: Document, own: tuple[str, ...]) -> None:
    """Take over our own fields that are given, as a partial update does."""
    row.update({name: fields[name] for name in own if name in fields and name != "pk"})


_USER_FIELDS = ("name", "email", "is_active", "type", "groups", "path", "attributes", "password")
WRITERS: dict[str, Callable[[Document, str, Document], None]] = {
    "authentik_core.group": _group,
    "authentik_core.user": _user,
    "authentik_core.application": _application,
    "authentik_providers_oauth2.oauth2provider": _provider,
    "authentik_providers_oauth2.scopemapping": _scope,
}
