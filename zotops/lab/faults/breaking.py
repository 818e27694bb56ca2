"""Ways to change a started practice world: its documents, its files, its checkout, and what stands before it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zotops.lab import vault
from zotops.lab.checkout import commit_and_push
from zotops.lab.faults.fault import Breaks
from zotops.lab.key_by_hand import PASSWORD
from zotops.lab.names import NAMES
from zotops.lab.provider import blueprint
from zotops.lab.provisioning import zot_config
from zotops.lab.state import Document, State

CONFIGURATION = "host/zot/config.json"
ROLE = "checkout/ansible/roles/zot"
BLUEPRINT = "checkout/argocd/manifests/authentik/configmap-blueprint.yaml"
VARIABLES = "checkout/ansible/inventory/group_vars/all.yml"
PROFILE = "profile.toml"


def as_it_is(root: Path) -> None:
    """Change nothing: every world is like that."""
    del root


def in_turn(*ways: Breaks) -> Breaks:
    """One change after another."""

    def breaks(root: Path) -> None:
        for way in ways:
            way(root)

    return breaks


def switch(owner: str, **switches: Any) -> Breaks:
    """Turn on a stand-in's switches in quirks.json."""

    def breaks(root: Path) -> None:
        with State(root / "state").edit("quirks") as quirks:
            quirks[owner] = {**quirks.get(owner, {}), **switches}

    return breaks


def in_document(name: str, change: Callable[[Document], object]) -> Breaks:
    """Change one of the documents that the stand-ins share, as somebody does by hand in their pages."""

    def breaks(root: Path) -> None:
        with State(root / "state").edit(name) as document:
            change(document)

    return breaks


def in_file(path: str, before: str, after: str) -> Breaks:
    """Change a text in a file of the world, everywhere in it; `{registry}` and such stand for the world's ports."""

    def breaks(root: Path) -> None:
        ports = {name: str(port) for name, port in ports_of(world_of(root)).items()}
        old, new = before, after
        for name, port in ports.items():
            old, new = old.replace(f"{{{name}}}", port), new.replace(f"{{{name}}}", port)
        file = root / path
        file.write_text(replaced(file.read_text(), old, new))

    return breaks


def in_defaults(before: str, after: str) -> Breaks:
    """Change the role's variables, as a careless commit would; the review sees what becomes of it."""
    return in_file(f"{ROLE}/defaults/main.yml", before, after)


def behind_the_review(script: str) -> Breaks:
    """Add a command to the registry's role that edits the deployed file with this script of sed.

    A dry run skips commands, so no review sees it. `{forge}` and such stand for the world's ports.
    """

    def breaks(root: Path) -> None:
        words = script
        for name, port in ports_of(world_of(root)).items():
            words = words.replace(f"{{{name}}}", str(port))
        edit = f"sed '{words}' config.json >new && cat new >config.json && rm new"
        task = {
            "name": "Tidy up the configuration",
            "ansible.builtin.command": {"argv": ["sh", "-c", edit]},
            "args": {"chdir": str(root / "host" / "zot")},
        }
        path = root / ROLE / "tasks" / "main.yml"
        path.write_text(f"{path.read_text()}\n- {json.dumps(task)}\n")

    return breaks


def in_blueprint(before: str, after: str) -> Breaks:
    """Change the blueprint and push it to main, as a careless commit would."""

    def breaks(root: Path) -> None:
        path = root / BLUEPRINT
        text = blueprint.text_of(path.read_text())
        path.write_text(blueprint.configmap(replaced(text, before, after)))
        commit_and_push(world_of(root), "Tidy up the blueprint")

    return breaks


def in_configuration(before: str, after: str) -> Breaks:
    """Change the registry's configuration and its role's template alike, and restart the registry."""
    template = f"{ROLE}/templates/config.json.j2"
    return in_turn(in_file(CONFIGURATION, before, after), in_file(template, before, after), restart_registry)


def redeploy(root: Path) -> None:
    """Write the registry's configuration as the checkout's role says now, and restart the registry."""
    (root / CONFIGURATION).write_text(zot_config.hardened_config(world_of(root)))
    restart_registry(root)


def restart_registry(root: Path) -> None:
    """As launchctl does: unload, load."""
    plist = str(root / "host" / "LaunchAgents" / f"{NAMES['service']}.plist")
    ask_supervisor(root, ask="unload", path=plist)
    ask_supervisor(root, ask="load", path=plist)


def ask_supervisor(root: Path, **request: object) -> Document:
    """One request to the world's supervisor, which keeps all its servers."""
    with socket.create_connection(("127.0.0.1", world_of(root)["supervisor"]["port"]), timeout=10) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
        answer: Document = json.loads(connection.makefile("rb").readline())
    return answer


def sign_in_by_password(root: Path) -> None:
    """Let the profile sign the CI user in by a password, and the vault have a field to keep it."""
    own = NAMES["own_item"]
    with State(root / "state").edit("vault") as document:
        vault.set_value(document, own, PASSWORD, "")
    ci = f'[ci]\nname = "{NAMES["ci_user"]}"'
    in_file(PROFILE, ci, f'{ci}\nsign_in = "password"\npassword = "{own}/{PASSWORD}"')(root)
    switch("operator", by_password=True)(root)


def world_of(root: Path) -> Document:
    """The world's addresses and names."""
    found: Document = json.loads((root / "world.json").read_text())
    return found


def ports_of(world: Document) -> dict[str, int]:
    """The port of each server."""
    return {name: world[name]["port"] for name in ("registry", "identity_provider", "forge", "upstream")}


def replaced(text: str, before: str, after: str) -> str:
    """The text with that part changed; ValueError when it has no such part any more."""
    if before not in text:
        raise ValueError(f"there is no {before!r} any more, which this fault changes")
    return text.replace(before, after)
