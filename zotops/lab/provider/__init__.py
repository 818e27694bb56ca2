"""A stand-in for Authentik 2026.2.0: OpenID Connect, login pages and flow executor, and the admin API in use.

All of its state is WORLD/state/provider.json, read again for every request, so that other processes and faults may
edit it at any time. References inside the document are names, never numbers or uuids:

    brand           {"recovery_flow": flow or null, "authentication_flow": flow}
    login           {"password_with_user_name": bool, "remember_me": bool, "impersonation": bool, "enrol": [kind],
                     "mfa": "skip" | "configure" | "deny"}: for a user without a device; kinds are "totp" and "static"
    worker          {"environment": {name: value}, "files": {path: text as the worker saw it last}}
    flows           slug → pk, name, designation
    signing_keys    name → pk, jwk (private; null until first used)
    groups          name → pk, num_pk, is_superuser, parents [group], attributes
    users           user name → pk, uuid, uid, name, email, is_active, type, groups [group], password (or null), path,
                    attributes, times
    devices         [{pk, user, type "totp" or "static", name, confirmed, secret, codes, times}]
    scope_mappings  scope → pk, managed, name, expression, description
    providers       name → pk, client_id, client_secret, redirect_uris, property_mappings [scope], signing_key (name),
                    authorization_flow (slug), include_claims_in_id_token, …
    applications    slug → pk, name, provider, policy_engine_mode, meta_launch_url, …
    bindings        [{pk, application, group, user, policy, order, enabled, negate, timeout, failure_result}]
    blueprints      path → pk, name, status, enabled, last_applied, last_applied_hash, metadata, problem (what failed),
                    apply_requested, attempted_hash
    tokens          identifier → pk, intent ("api", "app_password", "recovery"), user, key, expiring, expires, …
    sessions        cookie → uuid, csrf, user (or null), impersonating, original, flow (the running one), auth_time, …
    codes           code → user, provider, scopes, redirect_uri, code_challenge, session, expires (epoch seconds)
    access_tokens   token → user, provider, scopes, session, expires (epoch seconds)
    events          [{action, user, context, created}], newest last

Switches under "provider" in quirks.json: issuer_without_slash, group_claim (a name), group_case ("upper", "title"),
drop_groups, preview_differs (an object laid over the preview), force_mfa (true or "static"), worker_stuck, apply_stuck,
worker_drowsy (applies only what it is asked to),
apply_error, down, extra_field.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.applications import Starlette


def app(world: Path) -> Starlette:
    """The provider of a world, to be served on its port; its lifespan runs the worker."""
    from zotops.lab.provider.web import provider_app

    return provider_app(world)


def initial(world_json: dict[str, Any], state: str, blueprint_text: str) -> dict[str, Any]:
    """The first document of a world in the start state `open` or `hardened`, with this blueprint applied."""
    from zotops.lab.provider.first import first_document

    return first_document(world_json, state, blueprint_text)
