"""Browser sessions: a signed cookie names a file, so that they outlive a restart with the same key."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from zotops.lab.registry.moments import http_date

LIFETIME = 7200
"""Seconds that a session lasts."""
CIPHER_KEYS = {0, 16, 24, 32}
FORGET = "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly"
"""The cookie that takes a stale session away."""


class UnusableKey(Exception):
    """`encryptKey` has a length that no cipher takes."""


class Sessions:
    """Signed cookies and what they stand for. Without a key of its own a server signs with a new one each start."""

    def __init__(self, folder: Path, *, hash_key: str, encrypt_key: str, secure: bool) -> None:
        self._folder, self._secure = folder, secure
        self._key = hash_key.encode() or secrets.token_bytes(64)
        self._usable = len(encrypt_key.encode()) in CIPHER_KEYS
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, name: str, values: Mapping[str, Any], *, path: str) -> tuple[str, str]:
        """Keep values; returns the Set-Cookie header. UnusableKey where zot cannot encrypt."""
        if not self._usable:
            raise UnusableKey
        session = secrets.token_hex(26)
        (self._folder / f"session_{session}").write_text(json.dumps(dict(values)), encoding="utf-8")
        return self.cookie(name, self.sign(name, session), path=path, lifetime=LIFETIME, hidden=True)

    def open(self, name: str, cookie: str) -> dict[str, Any] | None:
        """The values that a cookie stands for; None for a forged, expired or removed one."""
        session = self.verify(name, cookie)
        with suppress(OSError, ValueError):
            values = json.loads((self._folder / f"session_{session}").read_text(encoding="utf-8"))
            return values if isinstance(values, dict) else None
        return None

    def end(self, name: str, cookie: str) -> None:
        """Forget a session."""
        if session := self.verify(name, cookie):
            (self._folder / f"session_{session}").unlink(missing_ok=True)

    def sign(self, name: str, value: str) -> str:
        """A value that cannot be forged, with the time at which it was made."""
        stamped = f"{int(time.time())}|{value}"
        return base64.urlsafe_b64encode(f"{stamped}|{self._mark(name, stamped)}".encode()).decode()

    def verify(self, name: str, signed: str) -> str | None:
        """The value if the signature is ours and not too old."""
        with suppress(ValueError):
            stamped, _, mark = base64.urlsafe_b64decode(signed.encode()).decode().rpartition("|")
            made, _, value = stamped.partition("|")
            if hmac.compare_digest(mark, self._mark(name, stamped)) and time.time() - int(made) < LIFETIME:
                return value
        return None

    def cookie(self, name: str, value: str, *, path: str, lifetime: int, hidden: bool) -> tuple[str, str]:
        """A Set-Cookie header as Go writes it; `hidden` from scripts."""
        until = f"Expires={http_date(ahead=lifetime)}; Max-Age={lifetime}"
        flags = "; HttpOnly" * hidden + "; Secure" * self._secure
        return "Set-Cookie", f"{name}={value}; Path={path}; {until}{flags}"

    def _mark(self, name: str, stamped: str) -> str:
        return hmac.new(self._key, f"{name}|{stamped}".encode(), hashlib.sha256).hexdigest()
