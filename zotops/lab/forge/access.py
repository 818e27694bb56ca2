"""Who may call what: tokens with scopes, repositories with owners, and the texts of a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
NOT_FOUND = "The target couldn't be found."


class RefusalError(Exception):
    """An answer other than the wanted one: status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whom a request comes from; without a token the login is empty."""

    login: str
    scopes: frozenset[str]
    is_admin: bool

    def require_scope(self, category: str, method: str) -> None:
        """Reading needs `read:<category>`, all else `write:<category>`; a call without token is judged elsewhere."""
        wanted = f"{'read' if method in {'GET', 'HEAD'} else 'write'}:{category}"
        if self.login and not self.scopes & {wanted, f"write:{category}", "all"}:
            raise RefusalError(403, f"token does not have at least one of required scope(s): [{wanted}]")

    def require_token(self) -> None:
        """Refuse whoever did not say who they are."""
        if not self.login:
            raise RefusalError(401, "token is required")


def caller_of(document: Document, authorization: str) -> Caller:
    """The caller behind an Authorization header; an unknown token is refused even where none is needed."""
    kind, _, token = authorization.strip().partition(" ")
    if not authorization:
        return Caller(login="", scopes=frozenset(), is_admin=False)
    for known in document.get("tokens", []):
        if kind.lower() in {"token", "bearer"} and token.strip() == known["token"]:
            user = document["users"][known["user"]]
            return Caller(login=known["user"], scopes=frozenset(known["scopes"]), is_admin=user["is_admin"])
    raise RefusalError(401, "invalid username, password or token")


def repository_for(document: Document, caller: Caller, full_name: str) -> Document:
    """The repository, or 404 when it does not exist or must not be known to exist."""
    repository: Document | None = document.get("repositories", {}).get(full_name)
    if repository is None or (repository["private"] and not may(caller, full_name, repository, "read")):
        raise RefusalError(404, NOT_FOUND)
    return repository


def may(caller: Caller, full_name: str, repository: Document, right: str) -> bool:
    """Whether the caller has `read`, `write` or `owner` on the repository."""
    if caller.is_admin or caller.login == full_name.partition("/")[0]:
        return True
    given = repository["collaborators"].get(caller.login)
    public = right == "read" and not repository["private"]
    return public or given == right or (right == "read" and given == "write")


def require_owner(caller: Caller, full_name: str, repository: Document) -> None:
    """Secrets belong to the owner; a writer is not enough."""
    caller.require_token()
    if not may(caller, full_name, repository, "owner"):
        raise RefusalError(403, "user should be the owner of the repo")
