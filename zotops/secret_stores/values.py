"""What every store does with the values that pass through it: register, fingerprint, refuse what nobody means."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from zotops.errors import ActionFailed
from zotops.redaction import Redactor
from zotops.systems.key_places import CURRENT_ID, REVOKED
from zotops.world import Secret

# A date or a time is no secret. Of a single value that was read nothing else tells whether it is one.
POINT_IN_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")
# The ids of keys, in the two fields of ours that hold such; anywhere else the same form may be a secret.
FIELDS_OF_IDS = frozenset({CURRENT_ID, REVOKED})
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})*")


@dataclass(frozen=True, kw_only=True)
class Values:
    """The redactor that has to know them, and the key that makes their fingerprints comparable on this machine."""

    redactor: Redactor
    key: bytes

    def register(self, value: Secret, name: str) -> None:
        """Make a value known under `item/field`, unless it is plainly none."""
        ids = name.rpartition("/")[2] in FIELDS_OF_IDS and IDS.fullmatch(value.reveal())
        if not ids and not POINT_IN_TIME.fullmatch(value.reveal()):
            self.redactor.register(value, name=name)

    def fingerprint(self, secret: Secret) -> str:
        """Keyed fingerprint: HMAC-SHA-256, 64 hex digits; "" of an empty one."""
        return hmac.new(self.key, secret.reveal().encode(), sha256).hexdigest() if secret else ""

    def accept(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Register everything that is about to be written. ActionFailed: one of it is never stored."""
        for name, value in fields.items():
            self.register(value or Secret(""), f"{item}/{name}")
            if value is not None and (fault := fault_of(value)):
                raise ActionFailed(f"{item}/{name}: {fault}", remedy="nothing was written; make or paste it again")


def fault_of(value: Secret) -> str:
    """Why a value is never stored, in words that do not show it; "" when it may be."""
    text = value.reveal()
    if not text:
        return "there is nothing to store"
    if text == "-":
        return 'a lone "-" is no value: `op` may have been meant to read it from elsewhere'
    return "it has white space in it, as a careless copy has" if re.search(r"\s", text) else ""


def difference(stored: Secret, meant: Secret | None) -> str:
    """How a value that was read back is not the one that was meant, in words that do not show it; "" when it is."""
    wanted = meant or Secret("")
    if stored == wanted:
        return ""
    if stored.reveal().strip() == wanted.reveal():
        return "was stored with a line end or a blank"
    return f"is {'not what was written' if stored else 'empty'}"
