"""One API call as the handlers see it, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zotops.lab.forge.access import Caller, RefusalError, caller_of, repository_for
from zotops.lab.forge.documents import Document, Forge

_DEFAULT_LIMIT, _MOST = 30, 50


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request: what its path and query say, its body, and its Authorization header."""

    method: str
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: bytes
    authorization: str

    @property
    def full_name(self) -> str:
        """`owner/repository` of the path."""
        return f"{self.path['owner']}/{self.path['repo']}"

    def last(self, name: str, default: str = "") -> str:
        """A query parameter that should be given once."""
        values = self.query.get(name) or [default]
        return values[-1]

    def document(self) -> Document:
        """The body as a JSON object; 400 when it is none."""
        try:
            document = json.loads(self.body)
        except ValueError as error:
            raise RefusalError(400, f"json: {error}") from error
        if not isinstance(document, dict):
            raise RefusalError(400, "json: cannot unmarshal into an object")
        return document

    def page(self) -> slice:
        """The part of a list that `page` and `limit` ask for (30 when not said, 50 at most)."""
        limit = min(_number(self.last("limit")) or _DEFAULT_LIMIT, _MOST)
        start = (max(_number(self.last("page")), 1) - 1) * limit
        return slice(start, start + limit)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status with either a JSON body or a file's content."""

    status: int = 200
    body: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def caller_in(ask: Ask, document: Document, category: str) -> Caller:
    """The caller, whose token covers this category of calls."""
    caller = caller_of(document, ask.authorization)
    caller.require_scope(category, ask.method)
    return caller


def open_repository(forge: Forge, ask: Ask) -> tuple[Document, Caller, Document]:
    """forge.json, the caller and the repository of the path, as far as the caller may see it."""
    document = forge.read()
    caller = caller_in(ask, document, "repository")
    return document, caller, repository_for(document, caller, ask.full_name)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
