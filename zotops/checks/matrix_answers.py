"""What an answer to a question of the access matrix means, and whether the registry itself gave it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zotops.access_asks import BROKEN, NOT_THERE, OK, tells
from zotops.access_matrix import Cell
from zotops.model import Verdict
from zotops.systems.browser import bare
from zotops.systems.zot import digest_of, error_code, names_in
from zotops.systems.zot_keys import LIST
from zotops.world import Reply

FURTHER = range(300, 400)
NO_SUCH_ROUTE = b"404 page not found"
IS_REGISTRY = "docker-distribution-api-version"
SHORT = 120
# What an answer can do to a careful reader; it is said to be strange, and nothing more.
STRANGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The status by which a right is judged; None: nothing can be told, and `said` says why."""

    status: int | None = None
    said: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A cell and what became of it."""

    cell: Cell
    seen: Seen

    @property
    def verdict(self) -> Verdict:
        """UNKNOWN unless the registry itself judged."""
        if self.seen.status is None:
            return Verdict.UNKNOWN
        return Verdict.PASSED if self.seen.status in self.cell.expected else Verdict.FAILED

    def without(self, why: str, remedy: str) -> Asked:
        """The same cell with nothing told, and what would make it known."""
        return Asked(cell=self.cell, seen=Seen(said=why, remedy=remedy))


def judged_by_registry(cell: Cell, reply: Reply, *, name: str, digest: str = "", blob: str = "") -> Seen:
    """The status, if it is a judgement and the registry's own; a proxy's login page must never look like one.

    `name`: our image, which the catalog has to list; `digest` and `blob`: what has to come back of it, where known.
    """
    if reply.status in FURTHER:
        where = bare(reply.headers.get("location", "nowhere"))[:SHORT]
        return _strange(f"{reply.status}, a redirect to {where}, which is not followed")
    if reply.status not in tells(cell.ask):
        return _strange(f"{reply.status}, which says nothing about rights")
    if reply.status == OK:
        return _seen_200(cell, reply, name=name, digest=digest, blob=blob)
    return Seen(status=reply.status) if _is_own(cell, reply) else _strange(f"{reply.status}, not the registry's own")


def _strange(said: str) -> Seen:
    return Seen(said=said, remedy="what is between here and the registry? Look at that address in a browser")


def _is_own(cell: Cell, reply: Reply) -> bool:
    if reply.status == BROKEN:  # which tells something of the key API alone
        return not reply.body
    if cell.ask.id == "keys" and reply.status == NOT_THERE:
        return reply.body.startswith(NO_SUCH_ROUTE)
    return bool(error_code(reply))


def _seen_200(cell: Cell, reply: Reply, *, name: str, digest: str, blob: str) -> Seen:
    ask, whole = cell.ask.id, Seen(status=OK)
    if ask in {"ping", "ping-docker"}:
        return whole if IS_REGISTRY in reply.headers else _strange("200 without a registry's headers")
    if ask in {"manifest-by-tag", "manifest-by-digest", "blob"}:
        # At a name that does not exist nothing is known of it; then the bytes are at least what they say they are.
        wanted = (blob if ask == "blob" else digest) or reply.headers.get("docker-content-digest", "")
        return whole if digest_of(reply.body) == wanted else _strange("200 with other bytes than the digest's")
    answer: Any = reply.json()
    listed = {"keys": LIST, "catalog": "repositories", "tags": "tags"}[ask]
    if not isinstance(answer, dict) or not isinstance(answer.get(listed, 0), list | None):
        return _strange(f"200 without a list of {listed}")
    if ask == "catalog" and name not in names_in(reply, listed):
        return Seen(status=NOT_THERE, said="200 without our image in it")
    return whole
