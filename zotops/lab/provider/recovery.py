"""Recovery keys as `ak create_recovery_key` in the worker makes them; standard library only, it starts often."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from zotops.lab.state import State


class UnknownUser(LookupError):
    """Nobody has that name; the text belongs on stderr and the command still exits 0, as the real one does."""


def create_recovery_key(world: Path, minutes: int, user: str) -> str:
    """Make a recovery key and return what the command prints; its last line is the path of the link."""
    key = secrets.token_urlsafe(45).replace("-", "x").replace("_", "y")
    with State(world / "state").edit("provider") as document:
        if user not in document["users"]:
            raise UnknownUser(f"User {user} not found")
        expires = datetime.now(UTC) + timedelta(minutes=minutes)
        document["tokens"][f"recovery-{uuid.uuid4().hex}"] = {
            "pk": str(uuid.uuid4()),
            "intent": "recovery",
            "user": user,
            "key": key,
            "expiring": True,
            "expires": expires.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "description": "Recovery key made in the worker",
            "managed": None,
        }
    return f"Whoever has this link can sign in as {user}: keep it safe.\n/recovery/use-token/{key}/\n"
