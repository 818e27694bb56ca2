"""What a job of the two workflows does: find the version, build an image, push it as real CI would."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from zotops.lab.forge.documents import Document, Forge
from zotops.lab.forge.repository import Repository
from zotops.lab.forge.secrets import value_for
from zotops.lab.forge.views import git_of
from zotops.lab.pushing import dagger, skopeo
from zotops.lab.pushing.images import Image, image_from
from zotops.lab.pushing.wire import Credentials, PushError, Target

_VERSION_IN_DOCKERFILE = re.compile(r"^ARG CONTAINER_APP_VERSION=\"?([^\s\"]+)", re.MULTILINE)
_VERSION_IN_NIX = re.compile(r"\bversion = \"([^\"]+)\"")
_SHORT = 7  # characters of inputs.ref that go into the tag, whatever they are

PROGRAM = "skopeo"
SEQUENCE = "the practice world's own pusher, in skopeo's order"
CLIENT = "the practice world's own pusher, in the order of Dagger's client"


class BuildError(Exception):
    """The job ends red; the text is its last line."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one run is to build, where it goes, and with which credentials."""

    image: Image
    target: Target
    credentials: Credentials | None


def build(forge: Forge, run: Document, style: str, say: Callable[[str], None]) -> Document:
    """Do the job and return what the run document keeps of it (`pushed_with`, `image`); BuildError when it fails.

    The job is green without a push when the commit has nothing to build for this path.
    """
    document = forge.read()
    time.sleep(float(document.get("build_seconds", 0.3)))
    order = _ordered(forge, document, run, style, say)
    if order is None:
        return {}
    with_what = _means(forge, style)
    say(f"pushing {order.target} with {with_what}")
    try:
        say(_push(forge, order, with_what))
    except PushError as refused:
        raise BuildError(str(refused)) from refused
    return {"pushed_with": with_what, "image": f"{order.target}@{order.image.digest}"}


def _ordered(forge: Forge, document: Document, run: Document, style: str, say: Callable[[str], None]) -> Order | None:
    git = git_of(forge, document["repositories"][run["repository"]])
    inputs = run["payload"]["inputs"]
    container, ref = inputs["container"], inputs.get("ref") or run["commit"]
    say(f"building {container} at {ref}")
    at = git.commit_of(ref)
    if at is None:
        raise BuildError(f"fatal: couldn't find remote ref {ref}")
    recipe = f"containers/{container}/{'default.nix' if style == 'skopeo' else 'Dockerfile'}"
    if git.file_at(at[0], recipe) is None:
        say(f"{recipe} does not exist: skipping build and push")
        return None
    if forge.quirk("green_without_push"):
        say("nothing has changed: skipping push")
        return None
    version = _version(git, at[0], container, style)
    names = forge.names
    elsewhere = "-elsewhere" if forge.quirk("wrong_repository") else ""
    target = Target(
        registry=forge.facts["registry"]["url"],
        repository=f"{names['image_namespace']}/{container}{elsewhere}",
        tag=f"v{version}-{ref[:_SHORT]}{'-nix' if style == 'skopeo' else ''}",
    )
    credentials = Credentials(user=names["ci_user"], password=value_for(document, run["repository"], names["secret"]))
    bare = style == "skopeo" and forge.quirk("skopeo_without_credentials")
    image = image_from(f"{run['repository']} {container} {at[0]} {style}")
    return Order(image=image, target=target, credentials=None if bare else credentials)


def _version(git: Repository, sha: str, container: str, style: str) -> str:
    nix = git.file_at(sha, f"containers/{container}/default.nix") if style == "skopeo" else None
    dockerfile = git.file_at(sha, f"containers/{container}/Dockerfile")
    for content, pattern in ((nix, _VERSION_IN_NIX), (dockerfile, _VERSION_IN_DOCKERFILE)):
        if found := pattern.search((content or b"").decode(errors="replace")):
            return found[1]
    raise BuildError(f"containers/{container} names no version")


def _means(forge: Forge, style: str) -> str:
    if style != "skopeo":
        return CLIENT
    return PROGRAM if shutil.which("skopeo", path=_search_path(forge)) else SEQUENCE


def _push(forge: Forge, order: Order, with_what: str) -> str:
    if with_what == CLIENT:
        return dagger.push(order.image, order.target, order.credentials)
    if with_what == SEQUENCE:
        return skopeo.push_by_sequence(order.image, order.target, order.credentials)
    program = shutil.which("skopeo", path=_search_path(forge)) or "skopeo"
    environment = {
        "PATH": _search_path(forge),
        "HOME": str(forge.world / "home"),
        "ZOTOPS_LAB_WORLD": str(forge.world),
    }
    return skopeo.push_by_program(
        order.image, order.target, order.credentials, program=program, environment=environment
    )


def _search_path(forge: Forge) -> str:
    """A runner finds only what the world links for its children."""
    linked = forge.world / "bin"
    return str(linked) if linked.is_dir() else os.environ.get("PATH", os.defpath)
