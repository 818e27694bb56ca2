"""A registry's keys in memory, as the door that leads to them; all other requests go on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.systems.outside import HTTP, basic
from zotops.world import Reply

PATH = "/zot/auth/apikey"
SESSION = "a session of the CI user"
BEGAN = datetime(2026, 3, 7, tzinfo=UTC)


@dataclass
class KeyRing:
    """`keys`: by secret; `says`: other answers, by method and path; `keeps`: a deleted key stays all the same.

    `hides`: no key is listed. `odd`: what a key of the ring is answered with, whatever it asks. `strangers`: the
    requests with a credential that is none of the ring. `after_use`: what else happens when that key is used. Who has
    the SESSION as a cookie needs no key.
    """

    url: str
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    says: dict[str, int] = field(default_factory=dict)
    keeps: bool = False
    hides: bool = False
    odd: int = 0
    made: int = 0
    uses: int = 0
    strangers: int = 0
    after_use: Callable[[str], None] = lambda _: None

    def add(self, secret: str, label: str, *, expires: str = "2026-06-05T00:00:00Z", expired: bool = False) -> str:
        """One more key; its id. An expired one is listed, and not taken."""
        uuid, created = f"id-{self.made:04}", BEGAN + timedelta(minutes=self.made)
        self.made += 1
        self.keys[secret] = {
            "uuid": uuid,
            "label": label,
            "createdAt": created.isoformat(),
            "expirationDate": expires,
            "lastUsed": "0001-01-01T00:00:00Z",
            "isExpired": expired,
        }
        return uuid

    def use(self, secret: str) -> None:
        """Move a key's last use, as somebody does who pushes with it."""
        self.uses += 1
        self.keys[secret]["lastUsed"] = (BEGAN + timedelta(days=1, minutes=self.uses)).isoformat()
        self.after_use(secret)

    def meddle(self, secret: str, times: int, *, beside: str = "") -> None:
        """Somebody uses that key at the same moment as another one, so many times; the last use is theirs."""
        left = times

        def use(used: str) -> None:
            nonlocal left
            if left and used != secret and (not beside or used == beside):
                left -= 1
                self.use(secret)

        self.after_use = use

    def drop(self, secret: str) -> None:
        """End a key."""
        del self.keys[secret]

    @property
    def labels(self) -> list[str]:
        return [row["label"] for row in self.keys.values()]

    def send(self, method: str, url: str, **given: Any) -> Reply:
        """As Http.send."""
        if not url.startswith(self.url):
            return HTTP.send(method, url, **given)
        parts, headers, body = urlsplit(url), given.get("headers") or {}, given.get("body", b"")
        sent, taken = headers.get("Authorization"), [s for s, row in self.keys.items() if not row["isExpired"]]
        used = next((secret for secret in taken if basic("zot-ci", secret) == sent), None)
        if used is None:
            self.strangers += 1
        else:
            self.use(used)
        known = used or headers.get("Cookie") == SESSION
        status, answer = self._answer(method, parts.path, parse_qs(parts.query), body) if known else (401, {})
        told = self.says.get(f"{method} {parts.path}", (used and self.odd) or status)
        return Reply(method=method, url=url, status=told, body=json.dumps(answer).encode())

    def _answer(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> tuple[int, Any]:
        if path != PATH:
            return 200, {}
        if method == "GET":
            return 200, {"apiKeys": [] if self.hides else list(self.keys.values())}
        if method == "DELETE":
            kept = {s: row for s, row in self.keys.items() if self.keeps or row["uuid"] != query["id"][0]}
            self.keys = kept
            return 200, {}
        wanted, secret = json.loads(body), f"zak_{self.made:032x}"
        self.add(secret, wanted["label"], expires=wanted["expirationDate"])
        return 201, {**self.keys[secret], "apiKey": secret}
