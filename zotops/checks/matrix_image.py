"""What has to be known of an image that is there, before anything can be asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from zotops.access_asks import NOT_THERE, OK
from zotops.checks.matrix_answers import STRANGE
from zotops.errors import Stop
from zotops.profile import Profile
from zotops.systems.zot import Caller, Zot, digest_of, names_in
from zotops.systems.zot_image import blobs_of
from zotops.world import Reply


@dataclass(frozen=True, kw_only=True)
class Image:
    """What is known of the image that is always there; `why` says what could not be found out."""

    tag: str = ""
    digest: str = ""
    blob: str = ""
    latest: bool = False
    why: str = ""
    remedy: str = ""


def find_image(zot: Zot, profile: Profile, callers: Sequence[Future[Caller | Stop]]) -> Image:
    """A tag, its manifest's digest and a blob of our own image, as the first caller who may see them."""
    name, why = profile.registry.image, ""
    for future in callers:
        caller = future.result()
        if isinstance(caller, Stop):
            continue
        try:
            found = _image_seen_by(zot, name, caller)
        except (Stop, *STRANGE) as error:
            why = error.what if isinstance(error, Stop) else f"{name} cannot be understood"
            continue
        if found.blob:
            return found
        why = found.why
    remedy = f"push an image to {name}, or name one that is always there as `registry.image` in the profile"
    return Image(why=why or f"nobody who asks may see {name}", remedy=remedy)


def find_cached(zot: Zot, repository: str, callers: Sequence[Future[Caller | Stop]]) -> Image:
    """A tag that is cached below a mirror's prefix, none where nothing is; the list never asks upstream."""
    why = f"nobody who asks may see {repository}"
    for future in callers:
        caller = future.result()
        if isinstance(caller, Stop):
            continue
        try:
            listed = zot.tags(repository, caller)
            if listed.status in {OK, NOT_THERE}:
                return Image(tag=next(iter(names_in(listed, "tags")), ""))
            why = f"{repository}: {listed.status} to its tags"
        except (Stop, *STRANGE) as error:
            why = error.what if isinstance(error, Stop) else f"{repository} cannot be understood"
    return Image(why=why, remedy=f"let somebody who asks read {repository}")


def _image_seen_by(zot: Zot, name: str, caller: Caller) -> Image:
    listed = zot.tags(name, caller)
    tags = names_in(listed, "tags") if listed.status == OK else ()
    if not tags:
        said = "there is no such image yet" if listed.status == NOT_THERE else f"{listed.status} to its tags"
        return Image(why=f"{name}: {said}")
    tag = next((each for each in reversed(tags) if each != "latest"), tags[0])
    manifest = zot.manifest(name, tag, caller)
    child = _first_child(manifest)
    blob = _blob_of(zot.manifest(name, child, caller) if child else manifest)
    if not blob:
        return Image(why=f"{name}:{tag} has no blob that could be asked for ({manifest.status} to its manifest)")
    return Image(tag=tag, digest=digest_of(manifest.body), blob=blob, latest="latest" in tags and tag != "latest")


def _blob_of(manifest: Reply) -> str:
    """The configuration if it is small: it is text, which also curl on the server hands over as it is."""
    blobs = blobs_of(manifest) if manifest.status == OK else ()
    config = manifest.json().get("config") if blobs else None
    named = str(config.get("digest")) if isinstance(config, dict) else ""
    return named if named in blobs else next(iter(blobs), "")


def _first_child(manifest: Reply) -> str:
    """The first manifest of an index; "" when it is none."""
    answer = manifest.json() if manifest.status == OK else {}
    children = answer.get("manifests") if isinstance(answer, dict) else None
    return str(children[0]["digest"]) if children else ""
