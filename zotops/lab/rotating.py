"""What a person does by hand in a rotation, and what somebody else may do meanwhile, in the practice world."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from zotops.lab import vault
from zotops.lab.first_key import DAYS, Browser, forget_sign_in, sign_in
from zotops.lab.state import Document, State

DUE = 60
AS_PAGE = {"X-ZOT-API-CLIENT": "zot-ui"}


def promote(world: Document, mistakes: Mapping[str, Any]) -> None:
    """Copy current to previous, pending to current, and empty pending; "forgets_previous": without the first."""
    names = world["names"]
    own, shared = names["own_item"], names["shared_item"]
    with _state(world).edit("vault") as document:
        current = vault.value_of(document, shared, names["field"]) or ""
        if not mistakes.get("forgets_previous"):
            vault.set_value(document, own, "previous", current)
        vault.set_value(document, shared, names["field"], vault.value_of(document, own, "pending") or "")
        vault.set_value(document, own, "pending", "")


def revoke(world: Document) -> None:
    """Signed in as the CI user, delete every key but the current one; sign out again."""
    browser = sign_in(world)
    current = listed(world, _held(world, "current"))
    for each in current:
        if each["uuid"] != _own(current)["uuid"]:
            url = f"{world['registry']['url']}/zot/auth/apikey?id={each['uuid']}"
            browser.ask(url, method="DELETE", headers=AS_PAGE)
    browser.ask(f"{world['registry']['url']}/zot/auth/logout", method="POST", headers=AS_PAGE)
    forget_sign_in(world)


def arm(world: Document, mistakes: Mapping[str, Any], ended: str) -> None:
    """Note the new key's dates and ids, and empty previous; "forgets_dates": nothing of that."""
    if mistakes.get("forgets_dates"):
        return
    own, new = world["names"]["own_item"], _own(listed(world, _held(world, "current")))
    expires = datetime.fromisoformat(new["expirationDate"])
    due = (expires - timedelta(days=DAYS) + timedelta(days=DUE)).date().isoformat()
    with _state(world).edit("vault") as document:
        vault.set_value(document, own, "expires", expires.isoformat())
        vault.set_value(document, own, "due", due)
        vault.set_value(document, own, "current-id", new["uuid"])
        vault.set_value(document, own, "revoked", ended)
        vault.set_value(document, own, "previous", "")


def use_previous(root: Path) -> None:
    """Let somebody use the old key once, as a consumer does that nobody thought of."""
    world = json.loads((root / "world.json").read_text())
    ask(world, _held(world, "previous"), "/v2/")


def end_current(root: Path) -> None:
    """Let somebody end the key that CI uses, signed in as its user."""
    world = json.loads((root / "world.json").read_text())
    browser, key = sign_in(world), _own(listed(world, _held(world, "current")))["uuid"]
    url = f"{world['registry']['url']}/zot/auth/apikey"
    browser.ask(f"{url}?id={key}", method="DELETE", headers=AS_PAGE)
    browser.ask(f"{world['registry']['url']}/zot/auth/logout", method="POST", headers=AS_PAGE)
    forget_sign_in(world)


def listed(world: Document, key: str) -> list[Document]:
    """The CI user's keys, as the registry lists them to that key; RuntimeError when it is not taken."""
    status, text = ask(world, key, "/zot/auth/apikey")
    if status != HTTPStatus.OK:
        raise RuntimeError(f"the registry lists no keys: {status}")
    found: list[Document] = json.loads(text)["apiKeys"]
    return found


def ask(world: Document, key: str, path: str, *, method: str = "GET") -> tuple[int, str]:
    """Status and text of one answer to the CI user with that key."""
    login = base64.b64encode(f"{world['names']['ci_user']}:{key}".encode()).decode()
    headers = {"Authorization": f"Basic {login}"}
    status, _, text = Browser().ask(f"{world['registry']['url']}{path}", method=method, headers=headers)
    return status, text


def _own(keys: list[Document]) -> Document:
    return max(keys, key=lambda key: str(key["lastUsed"]))


def _held(world: Document, which: str) -> str:
    names = world["names"]
    item, field = {
        "current": (names["shared_item"], names["field"]),
        "previous": (names["own_item"], "previous"),
    }[which]
    return vault.value_of(_state(world).read("vault"), item, field) or ""


def _state(world: Document) -> State:
    return State(Path(world["root"]) / "state")
