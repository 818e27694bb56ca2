"""How Forgejo's API is called: the token, the pages of a list, and what a refusal or an odd answer means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from zotops.errors import Unreachable
from zotops.profile import Copy, Profile, parse_ref
from zotops.world import Reply, Secret, World

OK = 200
# Fifty is the most that a page has; a proxy that limits requests lets about as many pages through at once.
PAGE, MOST_PAGES = 50, 60


class NoEnd(Unreachable):
    """A list has more rows than are read."""


@dataclass(frozen=True, kw_only=True)
class ForgeApi:
    """Calls about the profile's repository, with the owner's token. Each may raise Unreachable.

    `needs`: what a token that is refused has not got.
    """

    needs: ClassVar[str] = "write:repository and an owner of the repository"

    world: World
    profile: Profile

    @cached_property
    def token(self) -> Secret:
        """The token, read once: each read of a vault may ask for a finger, and a build is asked about many times."""
        return self.world.secrets.read(parse_ref(self.place))

    @property
    def place(self) -> str:
        """Where the token is kept: item/field."""
        return self.profile.forge.token

    def _read(self, path: str) -> Mapping[str, Any]:
        found = self._json(self._send("GET", path))
        if not isinstance(found, dict):
            raise self._odd(path)
        return found

    def _pages(self, path: str, key: str, copy: Copy | None = None) -> Iterator[Mapping[str, Any]]:
        """Every row of a list; `key` names the field that holds it, "" when the answer is the list itself.

        NoEnd after 3,000 rows. Version 14 has no order: the newest may be on the last page.
        """
        for page in range(1, MOST_PAGES + 1):
            joint = "&" if "?" in path else "?"
            query = urlencode({"page": page, "limit": PAGE})
            answer = self._json(self._send("GET", f"{path}{joint}{query}", copy=copy))
            rows = answer.get(key) if key and isinstance(answer, dict) else answer
            if not isinstance(rows or [], list) or not all(isinstance(row, dict) for row in rows or []):
                raise self._odd(path)
            yield from rows or []
            if len(rows or []) < PAGE:
                return
        raise NoEnd(
            f"{self.profile.forge.api_url}…{path} lists more than {PAGE * MOST_PAGES} rows, and no more are read",
            remedy="remove old ones there: the newest may be among those that were not read",
        )

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        with_token: bool = True,
        copy: Copy | None = None,
    ) -> Reply:
        place = copy or self.profile.forge
        return self._call(method, f"/repos/{place.owner}/{place.repo}{path}", body, with_token=with_token)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, with_token: bool = True) -> Reply:
        headers = {"Accept": "application/json"}
        if with_token:
            headers["Authorization"] = f"token {self.token.reveal()}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self.profile.forge.api_url}{path}"
        content = b"" if body is None else json.dumps(body).encode()
        return self.world.http.send(method, url, headers=headers, body=content, timeout=30.0)

    def _json(self, reply: Reply) -> Any:  # a JSON value
        return self._checked(reply).json()

    def _checked(self, reply: Reply) -> Reply:
        if reply.status != OK:
            remedy = {
                401: f"the token in {self.place} is not valid any more: make a new one",
                403: f"the token in {self.place} needs {self.needs}",
                404: "is the repository's name right in the profile, and may the token see it?",
                503: "the proxy limits requests: wait a minute",
            }.get(reply.status, "look at the forge's log")
            raise Unreachable(f"{reply.url} answered {reply.status}: {message_of(reply)}", remedy=remedy)
        return reply

    def _odd(self, path: str) -> Unreachable:
        return Unreachable(
            f"{self.profile.forge.api_url}{path} answers in a form that is not Forgejo's",
            remedy="is it Forgejo, version 12 or later? Gitea's answers differ",
        )

    @contextmanager
    def _understood(self, path: str) -> Iterator[None]:
        """Around whatever reads an answer: one in another form is Unreachable."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._odd(path) from error


def message_of(reply: Reply) -> str:
    """Why it was refused, in the forge's own words."""
    try:
        answer = json.loads(reply.body)
    except ValueError:
        answer = None
    text = answer.get("message") if isinstance(answer, dict) else None
    return str(text)[:200] if text else "it gave no reason"
