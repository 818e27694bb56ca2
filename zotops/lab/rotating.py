"""What a person does by hand in a rotation, and what somebody else may do meanwhile, in the practice world."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
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


def revoke(world: Document, old: str) -> None:
    """Signed in as the CI user, delete the key of that id; sign out again."""
    _end(world, [each for each in listed(world, _held(world, "current")) if each["uuid"] == old])


def end_others(world: Document, new: str) -> None:
    """As `revoke`, every key but the one of that id; the new one is pending then."""
    _end(world, [each for each in listed(world, _held(world, "pending")) if each["uuid"] != new])


def arm(world: Document, mistakes: Mapping[str, Any], known: Mapping[str, str]) -> None:
    """Note the new key's dates, as the page shows them, and both ids, and empty previous.

    "forgets_dates": nothing of that.
    """
    if mistakes.get("forgets_dates"):
        return
    own, keys = world["names"]["own_item"], listed(world, _held(world, "current"))
    expires = next(str(each["expirationDate"]) for each in keys if each["uuid"] == known["key-id"])
    due = (datetime.fromisoformat(expires) - timedelta(days=DAYS) + timedelta(days=DUE)).date().isoformat()
    with _state(world).edit("vault") as document:
        ended = filter(None, [vault.value_of(document, own, "revoked"), known.get("old-key-id", "")])
        vault.set_value(document, own, "expires", expires)
        vault.set_value(document, own, "due", due)
        vault.set_value(document, own, "current-id", known["key-id"])
        vault.set_value(document, own, "revoked", ",".join(ended))
        vault.set_value(document, own, "previous", "")


def use_previous(root: Path) -> None:
    """Let somebody use the old key once, as a consumer does that nobody thought of."""
    world = json.loads((root / "world.json").read_text())
    ask(world, _held(world, "previous"), "/v2/")


def end_current(root: Path) -> None:
    """Let somebody end the key that CI uses, signed in as its user."""
    world = json.loads((root / "world.json").read_text())
    _end(world, [_own(listed(world, _held(world, "current")))])


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


def _end(world: Document, keys: Sequence[Document]) -> None:
    """Signed in as the CI user, delete these keys; sign out again."""
    browser, url = sign_in(world), f"{world['registry']['url']}/zot/auth"
    for each in keys:
        browser.ask(f"{url}/apikey?id={each['uuid']}", method="DELETE", headers=AS_PAGE)
    browser.ask(f"{url}/logout", method="POST", headers=AS_PAGE)
    forget_sign_in(world)


def _own(keys: list[Document]) -> Document:
    return max(keys, key=lambda key: str(key["lastUsed"]))


def _held(world: Document, which: str) -> str:
    names = world["names"]
    item, field = {
        "current": (names["shared_item"], names["field"]),
        "pending": (names["own_item"], "pending"),
        "previous": (names["own_item"], "previous"),
    }[which]
    return vault.value_of(_state(world).read("vault"), item, field) or ""


def _state(world: Document) -> State:
    return State(Path(world["root"]) / "state")
