"""What the provider says about a user to the application, by the scopes asked for and granted."""

from __future__ import annotations

import hashlib
from typing import Any

from zotops.lab.state import Document


def granted(provider: Document, asked: list[str]) -> list[str]:
    """The scopes of the provider that were asked for; all of them when none was."""
    return [scope for scope in provider["property_mappings"] if scope in asked or not asked]


def claims(document: Document, quirks: Document, username: str, scopes: list[str]) -> dict[str, Any]:
    """The claims of these scopes, as userinfo and the ID token carry them; `groups` holds direct groups only."""
    user, found = document["users"][username], dict[str, Any]()
    if "email" in scopes:
        found |= {"email": user["email"], "email_verified": False}
    if "profile" in scopes:
        name = user["name"]
        found |= {"name": name, "given_name": name, "preferred_username": username, "nickname": username}
        found |= _groups([group for group in user["groups"] if group in document["groups"]], quirks)
    return found


def _groups(names: list[str], quirks: Document) -> dict[str, list[str]]:
    if quirks.get("drop_groups"):
        return {}
    spell = {"upper": str.upper, "title": str.title}.get(str(quirks.get("group_case")), str)
    return {str(quirks.get("group_claim") or "groups"): [spell(name) for name in names]}


def subject(document: Document, provider: Document, username: str) -> str:
    """The `sub` of a user under the provider's `sub_mode`."""
    user = document["users"][username]
    by_mode = {
        "user_id": str(user["pk"]),
        "user_uuid": user["uuid"],
        "user_username": username,
        "user_email": user["email"],
    }
    hashed = hashlib.sha256(f"{user['pk']}-{user['uid']}".encode()).hexdigest()
    return str(by_mode.get(provider["sub_mode"], hashed))
