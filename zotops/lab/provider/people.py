"""Users, groups and MFA devices as the API shows them."""

from __future__ import annotations

from typing import Any

from zotops.lab.provider.document import is_superuser
from zotops.lab.state import Document

AVATAR = "data:image/svg+xml;base64,PHN2Zy8+"


def user_object(document: Document, username: str, *, with_groups: bool = True) -> dict[str, Any]:
    """A user with all fields of the API's `User`."""
    user = document["users"][username]
    groups = [name for name in user["groups"] if name in document["groups"]]
    plain = ("pk", "name", "email", "is_active", "uid", "uuid", "path", "type", "attributes")
    times = ("last_login", "date_joined", "password_change_date", "last_updated")
    return {"username": username, "avatar": AVATAR, "roles": [], "roles_obj": []} | {
        **{name: user[name] for name in plain + times},
        "is_superuser": is_superuser(document, username),
        "groups": [document["groups"][name]["pk"] for name in groups],
        "groups_obj": [partial_group(document, name) for name in groups] if with_groups else None,
    }


def self_object(document: Document, username: str) -> dict[str, Any]:
    """A user as `users/me` shows it."""
    user = document["users"][username]
    groups = [
        {"name": name, "pk": document["groups"][name]["pk"]} for name in user["groups"] if name in document["groups"]
    ]
    plain = {name: user[name] for name in ("pk", "name", "is_active", "email", "uid", "type")}
    rights = {"is_superuser": is_superuser(document, username), "system_permissions": []}
    return plain | rights | {"username": username, "groups": groups, "roles": [], "avatar": AVATAR, "settings": {}}


def partial_group(document: Document, name: str) -> dict[str, Any]:
    """A group inside another object."""
    group = document["groups"][name]
    return {"name": name} | {field: group[field] for field in ("pk", "num_pk", "is_superuser", "attributes")}


def partial_user(document: Document, username: str) -> dict[str, Any]:
    """A user inside another object."""
    user = document["users"][username]
    fields = ("pk", "name", "is_active", "last_login", "email", "attributes", "uid")
    return {"username": username} | {field: user[field] for field in fields}


def group_object(document: Document, name: str, *, with_users: bool = True) -> dict[str, Any]:
    """A group with all fields of the API's `Group`."""
    groups = document["groups"]
    members = [username for username, user in document["users"].items() if name in user["groups"]]
    parents = [parent for parent in groups[name]["parents"] if parent in groups]
    children = [child for child, group in groups.items() if name in group["parents"]]
    return partial_group(document, name) | {
        "parents": [groups[parent]["pk"] for parent in parents],
        "parents_obj": None,
        "users": [document["users"][username]["pk"] for username in members],
        "users_obj": [partial_user(document, username) for username in members] if with_users else None,
        "roles": [],
        "roles_obj": [],
        "inherited_roles_obj": None,
        "children": [groups[child]["pk"] for child in children],
        "children_obj": None,
    }


def device_object(device: Document) -> dict[str, Any]:
    """An MFA device as the administrators' list shows it; never its secret."""
    kind = device["type"]
    model = f"authentik_stages_authenticator_{kind}.{kind}device"
    words = {"totp": ("TOTP Device", "TOTP Devices"), "static": ("Static Device", "Static Devices")}[kind]
    plain = {name: device[name] for name in ("name", "confirmed", "created", "last_updated", "last_used")}
    names = {"verbose_name": words[0], "verbose_name_plural": words[1], "meta_model_name": model, "type": model}
    return {"pk": str(device["pk"])} | plain | names | {"extra_description": None, "external_id": None}
