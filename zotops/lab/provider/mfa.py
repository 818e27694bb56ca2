"""Second factors: time-based codes (RFC 6238) and lists of one-time codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import time
import uuid
from typing import Any
from urllib.parse import quote

from zotops.lab.provider.document import now
from zotops.lab.state import Document

STEP = 30


def totp(secret: str, at: float) -> str:
    """The six digits of a base32 secret at a moment, RFC 6238 with SHA-1 and steps of 30 seconds."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at // STEP)), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def fits(secret: str, code: object) -> bool:
    """Whether a code is the secret's now, or was or will be one step away."""
    return any(code == totp(secret, time.time() + shift) for shift in (-STEP, 0, STEP))


def new_secret() -> str:
    """A fresh secret of 160 bits in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def new_codes() -> list[str]:
    """Six one-time codes."""
    return [secrets.token_hex(6) for _ in range(6)]


def config_url(username: str, secret: str) -> str:
    """What an authenticator application reads from the picture."""
    return (
        f"otpauth://totp/authentik:{quote(username)}?secret={secret}&algorithm=SHA1&digits=6&period=30&issuer=authentik"
    )


def add_device(document: Document, username: str, kind: str, *, secret: str = "", codes: tuple[str, ...] = ()) -> None:
    """Confirm a new device of the user; from then on every password login asks for it."""
    times = {"created": now(), "last_updated": now(), "last_used": None}
    name = {"totp": "TOTP Authenticator", "static": "Static tokens"}[kind]
    row = {"pk": str(uuid.uuid4()), "user": username, "type": kind, "name": name, "confirmed": True}
    document["devices"].append(row | {"secret": secret, "codes": list(codes)} | times)


def devices_of(document: Document, username: str) -> list[Document]:
    """The user's confirmed devices."""
    return [row for row in document["devices"] if row["user"] == username and row["confirmed"]]


def device_challenges(document: Document, username: str) -> list[dict[str, Any]]:
    """The user's devices as the validation stage offers them; one entry for all one-time codes."""
    return [
        {"device_class": row["type"], "device_uid": row["pk"], "challenge": {}, "last_used": row["last_used"]}
        for row in devices_of(document, username)
    ]


def accept(document: Document, username: str, code: object) -> bool:
    """Whether one of the user's devices takes the code; a one-time code is spent by that."""
    for row in devices_of(document, username):
        if row["type"] == "static" and code in row["codes"]:
            row["codes"].remove(code)
        elif not (row["type"] == "totp" and fits(row["secret"], code)):
            continue
        row["last_used"] = now()
        return True
    return False
