"""How a person makes CI's key in the registry's pages, with the mistakes that they may make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zotops.lab import vault
from zotops.lab.first_key import EXPIRES, Browser, forget_sign_in, make_key, make_key_as_page
from zotops.lab.sign_in import sign_in_with_password
from zotops.lab.state import Document

PASSWORD = "ci-password"  # noqa: S105  # the field's name


def key_by_hand(world: Document, known: Document, mistakes: Mapping[str, Any]) -> str:
    """Sign in, make a key, sign out; returns the key. `known` is what the vault holds.

    Mistakes: "pastes_old" (the key in use, from the clipboard), "key_of" (the user signed in instead of CI's),
    "no_expiry", "stays_signed_in". "by_password" is none, but the plan's first way: a recovery key needs no
    second factor, a password does.
    """
    if mistakes.get("pastes_old"):
        return vault.value_of(known, world["names"]["shared_item"], world["names"]["field"]) or ""
    expires = "" if mistakes.get("no_expiry") else EXPIRES
    user = mistakes.get("key_of") or world["names"]["ci_user"]
    if user == world["names"]["ci_user"] and not mistakes.get("by_password"):
        return make_key(world, expires=expires, forget=not mistakes.get("stays_signed_in"))
    password = world["secrets"]["passwords"].get(user) or vault.value_of(known, world["names"]["own_item"], PASSWORD)
    browser = Browser()
    if not sign_in_with_password(world, user, password or "", browser=browser):
        raise RuntimeError(f"{user} cannot sign in by password")
    key = make_key_as_page(world, browser, expires=expires)
    forget_sign_in(world)
    return key
