"""Every request that tells who may do what at a registry, and why it leaves nothing there; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from zotops.profile import RightName

Kind: TypeAlias = Literal["registry", "image", "mirror", "missing"]
OK, BAD, NOT_SIGNED_IN, NOT_ALLOWED, NOT_THERE, BROKEN, NO_SUCH_TYPE = 200, 400, 401, 403, 404, 500, 415
REFUSED = frozenset({NOT_SIGNED_IN, NOT_ALLOWED})


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One kind of request, the right it is about (None: none), and the answers of a server that lets it through.

    `needs`: what has to be known of an image first. `nothing_stays` says why it leaves nothing behind.
    """

    id: str
    says: str
    request: str
    nothing_stays: str
    right: RightName | None = None
    through: frozenset[int] = frozenset({OK})
    through_elsewhere: frozenset[int] = frozenset({NOT_THERE})
    places: tuple[Kind, ...] = ("image", "mirror", "missing")
    needs: Literal["", "tag", "digest", "blob", "latest", "cached"] = ""


@dataclass(frozen=True, kw_only=True)
class Push(Ask):
    """A manifest of a media type that no registry takes."""

    nothing_stays: str = (
        "the media type is refused before anything is stored, but after the right to write was looked at"
    )
    through: frozenset[int] = frozenset({NO_SUCH_TYPE})
    through_elsewhere: frozenset[int] = frozenset({NO_SUCH_TYPE})


@dataclass(frozen=True, kw_only=True)
class Delete(Ask):
    """The end of something that is not there."""

    nothing_stays: str = "there is nothing of that name to delete"
    right: RightName | None = "delete"
    through: frozenset[int] = frozenset({NOT_THERE, BAD})
    through_elsewhere: frozenset[int] = frozenset({NOT_THERE, BAD})


_READ_ONLY = "it only reads"

ASKS = (
    Ask(id="ping", says="ping", request="GET /v2/", nothing_stays=_READ_ONLY, places=("registry",)),
    Ask(
        id="ping-docker",
        says="ping as Docker does",
        request="GET /v2/, User-Agent: docker/28.0",
        nothing_stays=_READ_ONLY,
        places=("registry",),
    ),
    Ask(
        id="keys",
        says="use the key API",
        request="GET /zot/auth/apikey",
        nothing_stays="it lists the caller's own keys",
        places=("registry",),
    ),
    Ask(
        id="catalog",
        says="list repositories",
        request="GET /v2/_catalog",
        nothing_stays=_READ_ONLY,
        right="read",
        places=("registry",),
    ),
    Ask(
        id="tags",
        says="list tags of",
        request="GET /v2/NAME/tags/list",
        nothing_stays="it never asks an upstream registry",
        right="read",
    ),
    Ask(
        id="manifest-by-tag",
        says="pull by tag from",
        request="GET /v2/NAME/manifests/TAG",
        nothing_stays="it reads what is there; not asked below mirrors, where it could fetch an image",
        right="read",
        places=("image", "missing"),
        needs="tag",
    ),
    Ask(
        id="manifest-by-digest",
        says="pull by digest from",
        request="GET /v2/NAME/manifests/DIGEST",
        nothing_stays="it reads what is there; not asked below mirrors, where it could fetch an image",
        right="read",
        places=("image", "missing"),
        needs="digest",
    ),
    Ask(
        id="blob",
        says="pull a blob from",
        request="GET /v2/NAME/blobs/DIGEST",
        nothing_stays="a GET; a HEAD could create the repository",
        right="read",
        needs="blob",
    ),
    Push(
        id="create",
        says="push a new tag to",
        request="PUT /v2/NAME/manifests/UNUSED, Content-Type: text/plain",
        right="create",
    ),
    Push(
        id="create-by-digest",
        says="push a tag by digest to",
        request="PUT /v2/NAME/manifests/DIGEST?tag=UNUSED, Content-Type: text/plain",
        right="create",
    ),
    Push(
        id="overwrite",
        says="overwrite a tag of",
        request="PUT /v2/NAME/manifests/TAG, Content-Type: text/plain",
        right="update",
        places=("image",),
        needs="tag",
    ),
    Push(
        id="overwrite-latest",
        says="overwrite `latest` of",
        request="PUT /v2/NAME/manifests/latest, Content-Type: text/plain; only where that tag exists",
        right="update",
        places=("image",),
        needs="latest",
    ),
    Push(
        id="overwrite-cached",
        says="overwrite a cached tag of",
        request="PUT /v2/NAME/manifests/TAG, Content-Type: text/plain; only where one is cached",
        right="update",
        places=("mirror",),
        needs="cached",
    ),
    Push(
        id="move",
        says="move a tag by digest in",
        request="PUT /v2/NAME/manifests/DIGEST?tag=TAG, Content-Type: text/plain",
        right="update",
        places=("image",),
        needs="tag",
    ),
    Delete(
        id="delete-tag",
        says="delete a tag of",
        request="DELETE /v2/NAME/manifests/UNUSED",
    ),
    Delete(
        id="delete-manifest",
        says="delete a manifest of",
        request="DELETE /v2/NAME/manifests/ABSENT-DIGEST",
    ),
)  # fmt: skip


def tells(ask: Ask) -> frozenset[int]:
    """Every status that says something about a right; any other is no judgement of a registry."""
    if ask.right is None:
        return frozenset({OK, NOT_SIGNED_IN, NOT_ALLOWED}) | ({BROKEN, NOT_THERE} if ask.id == "keys" else frozenset())
    missing = {NOT_THERE} if ask.right == "read" else set()
    return ask.through | ask.through_elsewhere | REFUSED | missing
