"""What one can ask of the provider's document, and the few changes that several parts make."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from zotops.lab.state import Document

VERSION = "2026.2.0"
LOGIN_FLOW = "default-authentication-flow"
IMPLICIT_CONSENT = "default-provider-authorization-implicit-consent"
EXPLICIT_CONSENT = "default-provider-authorization-explicit-consent"
SIGN_OUT_FLOW = "default-invalidation-flow"
PROVIDER_SIGN_OUT_FLOW = "default-provider-invalidation-flow"
SELF_SIGNED = "authentik Self-signed Certificate"
SUPERUSERS = "authentik Admins"

_NAMESPACE = uuid.UUID("5f0c1f52-6f0e-4c39-9f77-1c5f6a1d2e3b")


def pk_of(kind: str, name: str) -> str:
    """A uuid that is always the same for one object, so that a world can be read and compared."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind} {name}"))


def now() -> str:
    """Return this moment as Authentik writes times."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A time as Authentik writes it: UTC with microseconds and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_group(document: Document, name: str, **fields: Any) -> Document:
    """Add a group with Authentik's defaults and the given fields."""
    found = {"is_superuser": False, "parents": [], "attributes": {}}
    numbers = {"pk": pk_of("group", name), "num_pk": _next(document["groups"].values(), "num_pk", 17)}
    document["groups"][name] = numbers | found | fields
    return group_named(document, name)


def new_user(document: Document, username: str, **fields: Any) -> Document:
    """Add a user with Authentik's defaults and the given fields."""
    number, moment = _next(document["users"].values(), "pk", 4), now()
    identity = {
        "pk": number,
        "uuid": pk_of("user", username),
        "uid": hashlib.sha256(f"{number}-{username}".encode()).hexdigest(),
    }
    person = {"name": username, "email": "", "is_active": True, "type": "internal", "groups": [], "password": None}
    times = {"date_joined": moment, "last_login": None, "password_change_date": moment, "last_updated": moment}
    document["users"][username] = identity | person | {"path": "users", "attributes": {}} | times | fields
    user: Document = document["users"][username]
    return user


def _next(rows: Any, field: str, first: int) -> int:
    return max((row[field] for row in rows), default=first - 1) + 1


def group_named(document: Document, name: str) -> Document:
    """The group of this name; KeyError when there is none."""
    group: Document = document["groups"][name]
    return group


def user_of_pk(document: Document, pk: object) -> str | None:
    """The name of the user with this number, however it is written."""
    return next((name for name, user in document["users"].items() if str(user["pk"]) == str(pk)), None)


def all_groups(document: Document, username: str) -> set[str]:
    """The user's groups and all groups above them; bindings and rights count these, the claim does not."""
    found: set[str] = set()
    waiting = [name for name in document["users"][username]["groups"] if name in document["groups"]]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [parent for parent in document["groups"][name]["parents"] if parent in document["groups"]]
    return found


def is_superuser(document: Document, username: str) -> bool:
    """Whether one of the user's groups makes it a superuser."""
    return any(document["groups"][name]["is_superuser"] for name in all_groups(document, username))


def set_password(document: Document, username: str, password: str) -> None:
    """Give the user this password, as the admin call and the admin page do."""
    user = document["users"][username]
    user["password"] = password
    user["password_change_date"] = user["last_updated"] = now()


def record(document: Document, action: str, username: str, **context: object) -> None:
    """Add an event, as Authentik's own log of events has it."""
    document["events"].append({"action": action, "user": username, "context": context, "created": now()})
