"""One running flow: whose session it is in, and what the stages share.

A running flow is `session["flow"]`: {"slug", "stage", "uid_field", "user", "method", "secret", "codes", "to", "token"}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zotops.lab.provider.people import AVATAR
from zotops.lab.state import Document

Errors = dict[str, list[dict[str, str]]]


@dataclass(kw_only=True)
class Scene:
    """One session's running flow inside the document; `key` changes at a login."""

    document: Document
    key: str
    quirks: Document
    ci_user: str
    next_page: str

    @property
    def plan(self) -> Document:
        """The running flow."""
        plan: Document = self.document["sessions"][self.key]["flow"]
        return plan


def pending(scene: Scene, component: str, **fields: Any) -> dict[str, Any]:
    """A challenge to somebody whose name was already given."""
    return {"component": component, "pending_user": scene.plan["uid_field"], "pending_user_avatar": AVATAR} | fields


def error(field: str, text: str, code: str = "invalid") -> Errors:
    """The one thing that is wrong with an answer."""
    return {field: [{"string": text, "code": code}]}


def go_on(scene: Scene) -> None:
    """Everything was shown that a login needs."""
    scene.plan["stage"] = "remember" if scene.document["login"]["remember_me"] else "login"
