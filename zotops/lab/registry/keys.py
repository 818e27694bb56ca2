"""The API of API keys, `/zot/auth/apikey`."""

import json
import random
import uuid
from http import HTTPStatus
from typing import Any

from zotops.lab.registry.accounts import PREFIX, Accounts, Key
from zotops.lab.registry.exchange import BodyTooLarge, Reply, document, nothing
from zotops.lab.registry.moments import NEVER, is_past, normal, now
from zotops.lab.registry.quirks import Quirks
from zotops.lab.registry.visit import Visit

LONGEST_BODY = 8192
NOT_SIGNED_IN = HTTPStatus.INTERNAL_SERVER_ERROR
"""zot's answer to somebody anonymous who got this far; nobody's keys cannot be listed, made or deleted."""


class Keys:
    """Handlers for the caller's own keys."""

    def __init__(self, accounts: Accounts, quirks: Quirks) -> None:
        self._accounts, self._quirks = accounts, quirks

    def list(self, visit: Visit) -> Reply:
        """All keys of the caller, in no order."""
        if visit.caller.anonymous:
            return nothing(NOT_SIGNED_IN)
        keys = [_described(key) for key in self._accounts.keys_of(visit.caller.name)]
        random.shuffle(keys)
        return document(HTTPStatus.OK, {"apiKeys": keys})

    def create(self, visit: Visit) -> Reply:
        """A new key, whose secret is shown this once."""
        try:
            wish = _wish(visit.request.body.read(limit=LONGEST_BODY))
        except BodyTooLarge:
            return nothing(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except ValueError:
            return nothing(HTTPStatus.BAD_REQUEST)
        if visit.caller.anonymous:
            return nothing(NOT_SIGNED_IN)
        key = Key(
            uuid=str(uuid.uuid4()),
            created_at=now(),
            expiration_date=wish["expirationdate"] or NEVER,
            creator_ua=visit.request.header("user-agent"),
            label=wish["label"] or "",
            scopes=wish["scopes"],
        )
        secret = uuid.uuid4().hex
        self._accounts.add(visit.caller.name, secret, key)
        return document(HTTPStatus.CREATED, _described(key) | {"apiKey": PREFIX + secret})

    def delete(self, visit: Visit) -> Reply:
        """Delete the caller's key with this id; 200 also when there is none."""
        ids = visit.request.query.get("id", [])
        if len(ids) != 1:
            return nothing(HTTPStatus.BAD_REQUEST)
        if visit.caller.anonymous:
            return nothing(NOT_SIGNED_IN)
        if not self._quirks.on("delete_ignores"):
            self._accounts.remove(visit.caller.name, ids[0])
        return nothing(HTTPStatus.OK)


def _described(key: Key) -> dict[str, Any]:
    return {
        "createdAt": key.created_at,
        "expirationDate": key.expiration_date,
        "isExpired": key.is_expired,
        "creatorUa": key.creator_ua,
        "generatedBy": "manual",
        "lastUsed": key.last_used,
        "label": key.label,
        "scopes": key.scopes,
        "uuid": key.uuid,
    }


def _wish(content: bytes) -> dict[str, Any]:
    """Label, scopes and expiration date of a request's body; ValueError for what zot answers with 400."""
    value: Any = json.loads(content, parse_constant=_no_number)
    if not isinstance(value, dict | None):
        raise ValueError("not an object")
    wish: dict[str, Any] = {"label": None, "scopes": None, "expirationdate": None}
    wish |= {name.lower(): item for name, item in (value or {}).items() if name.lower() in wish}
    if not isinstance(wish["scopes"], list | None):
        raise ValueError("wrong type")
    if not all(isinstance(one, str | None) for one in (wish["label"], wish["expirationdate"], *(wish["scopes"] or []))):
        raise ValueError("wrong type")
    if wish["scopes"] is not None:
        wish["scopes"] = [scope or "" for scope in wish["scopes"]]
    if wish["expirationdate"]:
        wish["expirationdate"] = normal(wish["expirationdate"])
        if is_past(wish["expirationdate"]):
            raise ValueError("past")
    return wish


def _no_number(word: str) -> None:
    raise ValueError(word)
