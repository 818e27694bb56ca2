"""Applications, OAuth2 providers, bindings and scope mappings as the API shows them."""

from __future__ import annotations

from typing import Any

from zotops.lab.provider.people import partial_group, partial_user
from zotops.lab.state import Document


def application_of(document: Document, provider: str) -> str | None:
    """The slug of the application that uses this provider."""
    return next((slug for slug, row in document["applications"].items() if row["provider"] == provider), None)


def application_object(document: Document, slug: str) -> dict[str, Any]:
    """An application with all fields of the API's `Application`."""
    row = document["applications"][slug]
    provider = row["provider"] if row["provider"] in document["providers"] else None
    linked: Document = {"provider": None, "provider_obj": None}
    if provider is not None:
        linked = {"provider": document["providers"][provider]["pk"], "provider_obj": short_provider(document, provider)}
    texts = ("name", "meta_launch_url", "meta_icon", "meta_description", "meta_publisher", "group", "open_in_new_tab")
    icon = {"meta_icon_url": None, "meta_icon_themed_urls": None}
    lists: Document = {
        "backchannel_providers": [],
        "backchannel_providers_obj": [],
        "launch_url": row["meta_launch_url"] or None,
    }
    plain = {name: row[name] for name in ("pk", "policy_engine_mode", *texts)}
    return {"slug": slug} | linked | plain | icon | lists


def short_provider(document: Document, name: str) -> dict[str, Any]:
    """A provider inside another object: what providers of every kind share."""
    row, slug = document["providers"][name], application_of(document, name)
    flow = row["authentication_flow"]
    assigned = document["applications"][slug]["name"] if slug else None
    return {
        "pk": row["pk"],
        "name": name,
        "authentication_flow": document["flows"][flow]["pk"] if flow else None,
        "authorization_flow": document["flows"][row["authorization_flow"]]["pk"],
        "invalidation_flow": document["flows"][row["invalidation_flow"]]["pk"],
        "property_mappings": [document["scope_mappings"][scope]["pk"] for scope in row["property_mappings"]],
        "component": "ak-provider-oauth2-form",
        "assigned_application_slug": slug,
        "assigned_application_name": assigned,
        "assigned_backchannel_application_slug": None,
        "assigned_backchannel_application_name": None,
        "verbose_name": "OAuth2/OpenID Provider",
        "verbose_name_plural": "OAuth2/OpenID Providers",
        "meta_model_name": "authentik_providers_oauth2.oauth2provider",
    }


def provider_object(document: Document, name: str) -> dict[str, Any]:
    """An OAuth2 provider with all fields of the API's `OAuth2Provider`; its `client_secret` is in clear, as there."""
    row = document["providers"][name]
    keys = document["signing_keys"]
    validity = ("access_code_validity", "access_token_validity", "refresh_token_validity", "refresh_token_threshold")
    plain = ("client_type", "client_id", "client_secret", "include_claims_in_id_token", "redirect_uris", "sub_mode")
    return short_provider(document, name) | {
        **{field: row[field] for field in (*validity, *plain, "issuer_mode")},
        "signing_key": keys[row["signing_key"]]["pk"] if row["signing_key"] in keys else None,
        "encryption_key": None,
        "logout_uri": "",
        "logout_method": "backchannel",
        "jwt_federation_sources": [],
        "jwt_federation_providers": [],
    }


def binding_object(document: Document, row: Document) -> dict[str, Any]:
    """A binding with all fields of the API's `PolicyBinding`; its target is the application's pk."""
    group = row["group"] if row["group"] in document["groups"] else None
    user = row["user"] if row["user"] in document["users"] else None
    how = {name: row[name] for name in ("pk", "order", "enabled", "negate", "timeout", "failure_result")}
    return how | {
        "target": document["applications"][row["application"]]["pk"],
        "policy": row["policy"],
        "group": document["groups"][group]["pk"] if group else None,
        "user": document["users"][user]["pk"] if user else None,
        "policy_obj": None,
        "group_obj": partial_group(document, group) if group else None,
        "user_obj": partial_user(document, user) if user else None,
    }


def mapping_object(document: Document, scope: str) -> dict[str, Any]:
    """A scope mapping with all fields of the API's `ScopeMapping`."""
    row = document["scope_mappings"][scope]
    plain = {name: row[name] for name in ("pk", "managed", "name", "expression", "description")}
    names = {"verbose_name": "Scope Mapping", "verbose_name_plural": "Scope Mappings"}
    model = {"component": "ak-property-mapping-provider-scope-form"}
    return plain | names | model | {"scope_name": scope, "meta_model_name": "authentik_providers_oauth2.scopemapping"}
