"""The registry's API keys: what a user has, making one, ending one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.model import Fact
from zotops.systems.zot import ANONYMOUS, Caller, Zot
from zotops.world import Reply, Secret

KEY_ID = Fact("key-id")
KEY_LABEL = Fact("key-label")
KEY_EXPIRES = Fact("key-expires")

PATH = "/zot/auth/apikey"
OK, CREATED = 200, 201
FORM = re.compile(r"zak_[0-9a-f]{32}")
# How the server writes "never": the zero time of its language.
NEVER = datetime(1, 1, 1, tzinfo=UTC)
LIST = "apiKeys"
# Another key may be used between two looks; a third and fourth then tell.
LOOKS = 4


def has_key_form(secret: Secret) -> bool:
    """Whether this is a key and nothing but a key: `zak_` and 32 hexadecimal digits."""
    return FORM.fullmatch(secret.reveal()) is not None


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key as its owner sees it listed, without its secret; None: never expires, never used."""

    id: str
    label: str
    created: datetime | None
    expires: datetime | None
    last_used: datetime | None
    expired: bool


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A user's keys as one of them sees them; `own` is that one."""

    keys: tuple[Key, ...]
    own: Key

    def key(self, key_id: str) -> Key | None:
        """The key of that id, if it is listed."""
        return next((key for key in self.keys if key.id == key_id), None)


@dataclass(frozen=True, kw_only=True)
class Minted:
    """A new key and its secret, which is never shown again."""

    key: Key
    secret: Secret


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A key as the server writes it."""

    uuid: str
    label: str = ""
    created: str = msgspec.field(name="createdAt", default="")
    expires: str = msgspec.field(name="expirationDate", default="")
    last_used: str = msgspec.field(name="lastUsed", default="")
    expired: bool = msgspec.field(name="isExpired", default=False)


class _Rows(msgspec.Struct, frozen=True, kw_only=True):
    rows: tuple[_Row, ...] = msgspec.field(name=LIST, default=())


def ask_key_api(zot: Zot, caller: Caller = ANONYMOUS) -> Reply:
    """`GET` of the key API: 200 with credentials; 500 or 401 without, where it is there; 404 where it is not."""
    return zot.send("GET", PATH, caller)


def list_keys(zot: Zot, caller: Caller) -> tuple[Key, ...]:
    """The caller's own keys, newest first. Unreachable when the caller is not taken for anybody."""
    reply = ask_key_api(zot, caller)
    if reply.status != OK:
        raise Unreachable(f"{zot.url} does not list the keys of {caller.name}: {reply.status}")
    try:
        rows = msgspec.convert(reply.json(), _Rows).rows
    except msgspec.ValidationError as error:
        raise Unreachable(f"{zot.url}{PATH} answers in a form that is not known: {error}") from error
    return tuple(sorted((_key(row) for row in rows), key=lambda key: key.created or NEVER, reverse=True))


def listed_with(zot: Zot, caller: Caller, *, known: str = "") -> Listed:
    """The keys, asked for again and again: the caller's is the only one whose last use moves with every list.

    `known`: its id, where the registry told it when it made the key; that decides when others are as busy.
    Unreachable when the registry does not list them, or when none is sure to be the caller's.
    """
    keys, moving = list_keys(zot, caller), None
    for _ in range(LOOKS - 1):
        before = {key.id: key.last_used for key in keys}
        keys = list_keys(zot, caller)
        moved_now = {key.id for key in keys if key.last_used and key.last_used != before.get(key.id)}
        moving = moved_now if moving is None else moving & moved_now
        if len(moving) == 1:
            return Listed(keys=keys, own=next(key for key in keys if key.id in moving))
    if moving and known in moving:
        return Listed(keys=keys, own=next(key for key in keys if key.id == known))
    raise Unreachable(
        f"{zot.url} does not tell which key of {caller.name} was just used",
        remedy="another one may be in use at this very moment; look again",
    )


def mint_key(zot: Zot, caller: Caller, *, label: str, expires: datetime, register: Callable[[Secret], None]) -> Minted:
    """Make a key. ActionFailed: the server refused; Uncertain: it answered, but not with a key."""
    body = json.dumps({"label": label, "scopes": [], "expirationDate": _written(expires)}).encode()
    reply = zot.send("POST", PATH, caller, headers={"Content-Type": "application/json"}, body=body)
    if reply.status != CREATED:
        raise ActionFailed(f"{zot.url} made no key: {reply.status}", remedy="500 and 401 mean: not signed in")
    lost = Uncertain(f"{zot.url} answered 201 without a key in it")
    try:
        answer: Any = reply.json()
        secret = Secret(str(answer["apiKey"]))
        register(secret)
        key = _key(msgspec.convert(answer, _Row))
    except (Unreachable, KeyError, TypeError, msgspec.ValidationError) as error:
        raise lost from error
    if not has_key_form(secret):
        raise lost
    return Minted(key=key, secret=secret)


def delete_key(zot: Zot, caller: Caller, key: str) -> None:
    """End a key by its id. The server says 200 for unknown ids too, so look at the list afterwards."""
    reply = zot.send("DELETE", f"{PATH}?id={quote(key)}", caller)
    if reply.status != OK:
        raise ActionFailed(f"{zot.url} did not delete key {key}: {reply.status}")


def _key(row: _Row) -> Key:
    return Key(
        id=row.uuid,
        label=row.label,
        created=_read_time(row.created),
        expires=_read_time(row.expires),
        last_used=_read_time(row.last_used),
        expired=row.expired,
    )


def _read_time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        is_never = moment <= NEVER
    except (ValueError, TypeError) as error:  # a time without a zone is not to be compared with another
        raise Unreachable(f"the registry writes a time that is none: {text!r}") from error
    return None if is_never else moment


def _written(moment: datetime) -> str:
    """RFC 3339 with seconds and Z: a date alone or a blank instead of the T is refused."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
