"""Forgejo's issues of the profile's repository: which there are, whose they are, and one more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zotops.errors import Unreachable
from zotops.systems.forge_api import ForgeApi, message_of

CREATED = 201
MAY_NOT_ASK = frozenset({401, 403, 404})


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue: its text, who opened it, whether it is open, and its address for people."""

    body: str
    author: str
    is_open: bool
    address: str


@dataclass(frozen=True, kw_only=True)
class ForgeIssues(ForgeApi):
    """With the token for issues, where the profile names one; scopes can be given one by one."""

    needs: ClassVar[str] = "read:issue"

    @property
    def place(self) -> str:
        """Where the token is kept: item/field."""
        return self.profile.forge.issue_token or self.profile.forge.token

    def user(self) -> str:
        """The login whose token it is; "" where it may not ask: that needs read:user."""
        reply = self._call("GET", "/user")
        if reply.status in MAY_NOT_ASK:
            return ""
        found = self._json(reply)
        with self._understood("/user"):
            return str(found["login"])

    def issues(self) -> tuple[Issue, ...]:
        """All issues, open and closed, newest first. The token needs read:issue."""
        rows = list(self._pages("/issues?state=all&type=issues", ""))
        with self._understood("/issues"):
            return tuple(
                Issue(
                    body=str(row.get("body") or ""),
                    author=str((row.get("user") or {}).get("login") or ""),
                    is_open=row.get("state") == "open",
                    address=str(row.get("html_url") or ""),
                )
                for row in rows
            )

    def open_issue(self, title: str, body: str) -> str:
        """Open an issue and return its address. The token needs write:issue.

        Unreachable: it was refused, or there is no answer and it may have been opened all the same.
        """
        reply = self._send("POST", "/issues", {"title": title, "body": body})
        if reply.status != CREATED:
            remedy = f"the token in {self.place} needs write:issue, and the repository issues"
            raise Unreachable(f"no issue was opened: {reply.status}: {message_of(reply)}", remedy=remedy)
        found = reply.json()
        return str(found.get("html_url") or "") if isinstance(found, dict) else ""
