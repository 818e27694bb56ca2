"""`meta.db`: users with the groups of their last login, and their API keys; one file, one JSON record per line."""

import hashlib
import json
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from zotops.lab.registry.moments import NEVER, is_past, now

PREFIX = "zak_"


@dataclass(frozen=True, kw_only=True)
class Key:
    """An API key without its secret; times are RFC 3339 text, NEVER for none."""

    uuid: str
    created_at: str
    expiration_date: str
    creator_ua: str
    label: str
    scopes: list[str] | None
    is_expired: bool = False
    last_used: str = NEVER

    @property
    def expired(self) -> bool:
        """Whether the key's time is over."""
        return self.is_expired or (self.expiration_date != NEVER and is_past(self.expiration_date))


@dataclass(kw_only=True)
class User:
    """Somebody who signed in at least once."""

    groups: list[str] = field(default_factory=list)
    keys: dict[str, Key] = field(default_factory=dict)


def hashed(secret: str) -> str:
    """What is kept of a key's secret (the part after `zak_`)."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Accounts:
    """Users and keys in memory, every change appended to the file; a torn last line never happened."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._users: dict[str, User] = {}
        content = file.read_bytes() if file.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._apply(json.loads(line))
        self._file = file.open("ab", buffering=0)
        self._file.truncate(len(whole))
        self._owners = {key: name for name, user in self._users.items() for key in user.keys}

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def groups_of(self, name: str) -> list[str] | None:
        """The groups of the user's last login; None for somebody who never signed in."""
        with self._lock:
            user = self._users.get(name)
            return None if user is None else list(user.groups)

    def signed_in(self, name: str, groups: list[str]) -> None:
        """Remember a login; all the user's keys and sessions have these groups from now on."""
        with self._lock:
            self._record({"user": name, "groups": groups})

    def add(self, name: str, secret: str, key: Key) -> None:
        """Remember a new key."""
        with self._lock:
            self._record({"user": name, "key": hashed(secret), "details": asdict(key)})
            self._owners[hashed(secret)] = name

    def use(self, name: str, passphrase: str) -> bool:
        """Whether this is a living key of exactly this user; its last use is now."""
        key = hashed(passphrase.removeprefix(PREFIX))
        with self._lock:
            if not passphrase.startswith(PREFIX) or self._owners.get(key) != name:
                return False
            if self._users[name].keys[key].expired:
                return False
            self._record({"user": name, "key": key, "details": {"last_used": now()}})
            return True

    def keys_of(self, name: str) -> list[Key]:
        """The user's keys, flagged when they have expired meanwhile."""
        with self._lock:
            keys = self._users.get(name, User()).keys
            for key, details in list(keys.items()):
                if details.expired and not details.is_expired:
                    self._record({"user": name, "key": key, "details": {"is_expired": True}})
            return list(keys.values())

    def remove(self, name: str, uuid: str) -> None:
        """Delete one of the user's keys; nothing happens when there is none with this id."""
        with self._lock:
            for key, details in list(self._users.get(name, User()).keys.items()):
                if details.uuid == uuid:
                    self._record({"user": name, "key": key, "details": None})
                    del self._owners[key]

    def _record(self, change: dict[str, Any]) -> None:
        self._apply(change)
        self._file.write(json.dumps(change).encode() + b"\n")

    def _apply(self, change: dict[str, Any]) -> None:
        user = self._users.setdefault(change["user"], User())
        if "groups" in change:
            user.groups = change["groups"]
            return
        key, details = change["key"], change["details"]
        if details is None:
            del user.keys[key]
        elif key in user.keys:
            user.keys[key] = replace(user.keys[key], **details)
        else:
            user.keys[key] = Key(**details)
