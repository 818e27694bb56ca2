"""A registry and a forge in memory, as the door that leads to both: keys whose last use moves as a real one's does."""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from zotops.errors import Unreachable
from zotops.world import Headers, Reply

NEVER = "0001-01-01T00:00:00Z"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class StoredKey:
    """A key as the registry keeps it; `secret` is what opens, `expires_as` what is written of its end instead."""

    secret: str
    label: str = ""
    expires: datetime | None = NOW + timedelta(days=80)
    made: datetime = NOW - timedelta(days=10)
    used: datetime | None = None
    expires_as: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Memory:
    """`says`: status instead of the true answer, by what is asked for: key, other (a made-up
    key), forge (its secrets), issues (their list), open (a new one). `down`: hosts that do not answer.

    `disturbed`: how many of the next lists fall together with a use of the key labelled "busy". `issue_logins`: what
    issues were asked for with; `user`: whose token it is, "" where it may not ask that. `odd`: what the forge answers
    instead, by a part of the path.
    """

    keys: list[StoredKey] = field(default_factory=list)
    secrets: dict[str, datetime] = field(default_factory=dict)
    says: dict[str, int] = field(default_factory=dict)
    down: tuple[str, ...] = ()
    now: datetime = NOW
    without_clock: bool = False
    disturbed: int = 0
    issues: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    issue_logins: set[str] = field(default_factory=set)
    user: str = ""
    odd: dict[str, Any] = field(default_factory=dict)

    def key(self, secret: str, **more: Any) -> StoredKey:
        """Add a key."""
        made = StoredKey(secret=secret, **more)
        self.keys.append(made)
        return made

    def send(self, method: str, url: str, **given: Any) -> Reply:
        """As Http.send."""
        headers = given.get("headers") or {}
        self.asked.append(f"{method} {url}")
        if any(host in url for host in self.down):
            raise Unreachable(f"{method} {url}: refused", remedy="is it running?")
        odd = [found for part, found in self.odd.items() if part in url]
        if odd:
            status, found = 200, odd[0]
        elif url.endswith("/user"):
            status, found = (200, {"login": self.user}) if self.user else (403, {"message": "read:user"})
        elif "/issues" in url:
            self.issue_logins.add(headers.get("Authorization", ""))
            status, found = self._issues(method, given.get("body", b""))
        elif "/actions/runs" in url:
            status, found = self._runs(url)
        else:
            status, found = self._forge() if "/actions/secrets" in url else self._keys(dict(headers))
        named = [] if self.without_clock else [("Date", format_datetime(self.now, usegmt=True))]
        content = json.dumps(found).encode() if status in (200, 201) else b""
        return Reply(method=method, url=url, status=status, headers=Headers(named), body=content)

    def _issues(self, method: str, body: bytes) -> tuple[int, Any]:
        if method == "GET":
            return self.says.get("issues", 200), list(reversed(self.issues))
        if "open" in self.says:
            return self.says["open"], {}
        address = f"http://forge.test/issues/{len(self.issues) + 1}"
        opened = {"state": "open", "html_url": address, "user": {"login": self.user or "zot-watch"}}
        self.issues.append({**json.loads(body), **opened})
        return 201, self.issues[-1]

    def ran(self, workflow: str, status: str, began: datetime) -> None:
        """Add a run."""
        fixed = {"event_payload": "", "trigger_event": "schedule", "html_url": "", "index_in_repo": len(self.runs) + 1}
        row = {"id": len(self.runs) + 1, "workflow_id": workflow, "status": status, "created": began.isoformat()}
        self.runs.append(fixed | row)

    def _runs(self, url: str) -> tuple[int, Any]:
        asked = parse_qs(urlsplit(url).query)
        page, limit = int(asked["page"][0]), int(asked["limit"][0])
        rows = self.runs[(page - 1) * limit : page * limit]
        return self.says.get("runs", 200), {"workflow_runs": rows, "total_count": len(self.runs)}

    def _forge(self) -> tuple[int, Any]:
        rows = [{"name": name, "created_at": made.isoformat()} for name, made in self.secrets.items()]
        return self.says.get("forge", 200), rows

    def _keys(self, headers: Mapping[str, str]) -> tuple[int, Any]:
        user, _, secret = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        found = next((key for key in self.keys if (user, key.secret) == ("zot-ci", secret)), None)
        if found is None or (found.expires and found.expires <= self.now):
            known = "key" if found else "other"
            return self.says.get(known, self.says.get("other", 401)), {}
        if "key" in self.says:
            return self.says["key"], {}
        found.used = self._tick()
        for busy in [key for key in self.keys if key.label == "busy"] if self.disturbed else []:
            busy.used = self._tick()
            self.disturbed -= 1
        return 200, {"apiKeys": [self._row(key) for key in self.keys]}

    def _tick(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def _row(self, key: StoredKey) -> dict[str, Any]:
        return {
            "uuid": key.id,
            "label": key.label,
            "createdAt": key.made.isoformat(),
            "expirationDate": key.expires_as or (key.expires.isoformat() if key.expires else NEVER),
            "lastUsed": key.used.isoformat() if key.used else NEVER,
            "isExpired": bool(key.expires and key.expires <= self.now),
        }
