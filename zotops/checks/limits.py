"""How long an answer is waited for, how often a silent address is asked, and how many sessions are open at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zotops.errors import Unreachable
from zotops.systems.browser import origin_of
from zotops.world import Http, Reply

# From here on an address counts as silent, and nobody waits for the rest of its cells; fewer than are asked at once.
ENOUGH = 16
# At a time: each is a program of its own over there, and sshd begins to refuse at ten.
SESSIONS = 4
# Seconds that an address asked from the server may take over there.
FROM_THERE = 10.0


@dataclass(frozen=True, kw_only=True)
class Limited:
    """An Http with a time limit for each answer, which gives an address up once it has been silent `enough` times."""

    http: Http
    within: float
    enough: int = ENOUGH
    silent: dict[str, list[str]] = field(default_factory=dict)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
    ) -> Reply:
        """As Http.send."""
        silent = self.silent.setdefault(origin_of(url), [])
        if len(silent) >= self.enough:
            raise Unreachable(f"not asked any more: {silent[0]}", remedy="is it running?")
        try:
            return self.http.send(method, url, headers=headers, body=body, timeout=min(timeout, self.within))
        except Unreachable as silence:
            silent.append(silence.what)
            raise
