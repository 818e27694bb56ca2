"""The request behind each question of the access matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zotops.checks.matrix_image import Image
from zotops.systems.zot import SOME_DIGEST, Caller, Zot, unused_tag
from zotops.systems.zot_keys import ask_key_api
from zotops.world import Reply

AS_DOCKER = {"User-Agent": "docker/28.0"}

Sender = Callable[[Zot, str, Caller, Image], Reply]
# The request of each kind of cell, by its id. Where a name of something is needed that nothing has, a made-up one.
SENDERS: Mapping[str, Sender] = {
    "ping": lambda zot, _, caller, __: zot.ping(caller),
    "ping-docker": lambda zot, _, caller, __: zot.send("GET", "/v2/", caller, headers=AS_DOCKER),
    "keys": lambda zot, _, caller, __: ask_key_api(zot, caller),
    "catalog": lambda zot, _, caller, __: zot.catalog(caller),
    "tags": lambda zot, name, caller, _: zot.tags(name, caller),
    "manifest-by-tag": lambda zot, name, caller, image: zot.manifest(name, image.tag or unused_tag(), caller),
    "manifest-by-digest": lambda zot, name, caller, image: zot.manifest(name, image.digest or SOME_DIGEST, caller),
    "blob": lambda zot, name, caller, image: zot.blob(name, image.blob or SOME_DIGEST, caller),
    "create": lambda zot, name, caller, _: zot.probe_create(name, caller),
    "create-by-digest": lambda zot, name, caller, _: zot.probe_create_by_digest(name, caller),
    "overwrite": lambda zot, name, caller, image: zot.probe_update(name, image.tag, caller),
    "overwrite-latest": lambda zot, name, caller, _: zot.probe_update(name, "latest", caller),
    "overwrite-cached": lambda zot, name, caller, image: zot.probe_update(name, image.tag, caller),
    "move": lambda zot, name, caller, image: zot.probe_move(name, image.tag, caller),
    "delete-tag": lambda zot, name, caller, _: zot.probe_delete(name, caller),
    "delete-manifest": lambda zot, name, caller, _: zot.probe_delete_manifest(name, caller),
}
