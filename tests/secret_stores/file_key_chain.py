"""A back end of the library `keyring` that keeps its entries in the file that FILE_KEY_CHAIN names, for tests."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from keyring import backend, errors
from keyring.core import load_keyring

FILE = "FILE_KEY_CHAIN"


class FileKeyChain(backend.KeyringBackend):
    """Entries, and next to them what it is told to do wrong: `trouble` of the file's JSON.

    locked, absent: it says so; slow: seconds; forgets: a write is lost; line_end: is added to what is written; after:
    how many writes succeed before it is locked; shuts: a write that succeeded is followed by that.
    """

    priority = 0.1  # never chosen but by its name

    def get_password(self, service: str, username: str) -> str | None:
        found: str | None = self._ready()["entries"].get(f"{service} {username}")
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        document = self._ready(writes=True)
        if not document["trouble"].get("forgets"):
            line_end = "\n" if document["trouble"].get("line_end") else ""
            document["entries"][f"{service} {username}"] = password + line_end
        document["trouble"]["locked"] = document["trouble"].get("shuts", False)
        write(document)

    def delete_password(self, service: str, username: str) -> None:
        document = self._ready(writes=True)
        if f"{service} {username}" not in document["entries"]:
            raise errors.PasswordDeleteError("no such entry")
        del document["entries"][f"{service} {username}"]
        write(document)

    def _ready(self, *, writes: bool = False) -> dict[str, Any]:
        document = read()
        trouble = document["trouble"]
        time.sleep(trouble.get("slow", 0))
        if trouble.get("absent"):
            raise errors.NoKeyringError("none")
        if writes and "after" in trouble:
            if not trouble["after"]:
                raise errors.KeyringLocked("locked")
            trouble["after"] -= 1
        if trouble.get("locked"):
            raise errors.KeyringLocked("locked")
        if quoting := trouble.get("quotes"):
            raise errors.PasswordSetError(quoting)
        return document


def chosen() -> backend.KeyringBackend:
    """As the library itself loads it for `PYTHON_KEYRING_BACKEND`."""
    return load_keyring(f"{__name__}.{FileKeyChain.__name__}")


def read() -> dict[str, Any]:
    """The document; empty where there is no file yet."""
    path = Path(os.environ[FILE])
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"entries": {}, "trouble": {}}
    return found


def write(document: dict[str, Any]) -> None:
    Path(os.environ[FILE]).write_text(json.dumps(document))


def trouble(**what: Any) -> None:
    """Make it go wrong from now on."""
    write({**read(), "trouble": what})
