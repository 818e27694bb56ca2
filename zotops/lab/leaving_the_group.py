"""Shows in a practice world what a key may once its user has left the group; nobody tries that for real."""

from __future__ import annotations

import uuid
from base64 import b64encode
from pathlib import Path

from zotops.lab import first_key, vault
from zotops.lab.state import Document, State

MEANS = {415: "the right is there", 403: "the right is gone", 401: "the key is not taken"}


def show(world: Document) -> list[str]:
    """Take the CI user out of its group and back, signing in meanwhile; one sentence for each answer to a probe.

    Afterwards everything is as before. Measured on zot 2.1.20: a key has the groups of its user's last sign-in.
    """
    state, user = State(Path(world["root"]) / "state"), world["names"]["ci_user"]
    before = state.read("provider")
    seen = []
    try:
        _set(state, groups=[], user=user)
        seen.append(f"{user} out of its group, no new sign-in: {_probe(world)}")
        # Out of its group it may not even sign in; a binding of its own lets it, to show what a sign-in does.
        _bind(state, user)
        first_key.sign_in(world)
        seen.append(f"{user} signed in once without the group: {_probe(world)}")
    finally:
        with state.edit("provider") as document:
            document["users"][user]["groups"] = before["users"][user]["groups"]
            document["bindings"] = before["bindings"]
        first_key.sign_in(world)
        first_key.forget_sign_in(world)
    seen.append(f"{user} in the group again, signed in: {_probe(world)}")
    return seen


def _set(state: State, *, groups: list[str], user: str) -> None:
    with state.edit("provider") as document:
        document["users"][user]["groups"] = groups


def _bind(state: State, user: str) -> None:
    with state.edit("provider") as document:
        own = {**document["bindings"][0], "pk": str(uuid.uuid4()), "group": None, "user": user, "order": 99}
        document["bindings"].append(own)


def _probe(world: Document) -> str:
    """Whether the key in the vault may push a new tag; the probe leaves nothing in the registry."""
    names = world["names"]
    key = vault.value_of(State(Path(world["root"]) / "state").read("vault"), names["shared_item"], names["field"])
    basic = b64encode(f"{names['ci_user']}:{key}".encode()).decode()
    url = f"{world['registry']['url']}/v2/{names['image_namespace']}/{names['container']}/manifests/unused"
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "text/plain"}
    status, _, _ = first_key.Browser().ask(url, method="PUT", headers=headers)
    return f"{status}, {MEANS.get(status, 'neither')}"
