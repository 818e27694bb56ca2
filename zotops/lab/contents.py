"""What is in a practice world in each start state: documents, configuration, vault, cluster, images and keys."""

from __future__ import annotations

import json
import secrets
import shlex
import shutil
import time
from pathlib import Path

from zotops.lab import checkout, first_key, forge, provider, upstream, vault
from zotops.lab.cluster import first_cluster
from zotops.lab.profile import profile_text
from zotops.lab.programs import lay_programs
from zotops.lab.provider import blueprint
from zotops.lab.provisioning import zot_config
from zotops.lab.pushing import push_image
from zotops.lab.servers import lay_servers
from zotops.lab.state import Document, State

UPSTREAM_IMAGES = ("library/alpine:3.20", "library/busybox:1.36")
VERSION = "0.1.0"  # of the container that CI builds


def lay_out(world: Document, *, state: str, zot: Path | None) -> None:
    """Write every file of a world that nobody has started yet."""
    root = Path(world["root"])
    lay_programs(world, zot)
    lay_servers(world)
    checkout.make_repositories(world)
    _lay_host(root, world, state)
    _lay_documents(world, state)
    _lay_home(root, world)
    _lay_profile(root, world)
    _lay_shell(root)


def fill(world: Document) -> None:
    """Do once, after the first start, what needs running servers: push images and make CI's key."""
    documents = State(Path(world["root"]) / "state")
    start_state = documents.read("start").get("state")
    if start_state is None:
        return
    upstream.seed(world["upstream"]["url"], UPSTREAM_IMAGES)
    credentials = None
    if start_state != "open":
        names = world["names"]
        key = first_key.make_key(world)
        credentials = (names["ci_user"], key)
        _store_key(documents, world, key)
    names = world["names"]
    newest, _, oldest = checkout.commits(world)
    # One commit always stays unbuilt, so that there is something to build.
    for commit in (oldest,) if start_state == "open" else (oldest, newest):
        for style, suffix in (("dagger", ""), ("skopeo", "-nix")):
            repository = f"{names['image_namespace']}/{names['container']}"
            seed = f"{names['owner']}/{names['repo']} {names['container']} {commit} {style}"
            push_image(
                world["registry"]["url"], repository, f"v{VERSION}-{commit[:7]}{suffix}", seed, credentials, "dagger"
            )
    with documents.edit("start") as document:
        document.clear()


def _store_key(documents: State, world: Document, key: str) -> None:
    names = world["names"]
    with documents.edit("vault") as document:
        vault.set_value(document, names["shared_item"], names["field"], key)
        vault.set_value(document, names["own_item"], "expires", first_key.EXPIRES)
        vault.set_value(document, names["own_item"], "due", first_key.DUE)
    with documents.edit("forge") as document:
        place = document["secrets"][f"repo:{names['owner']}/{names['repo']}"]
        place[names["secret"]] = {"data": key, "created": time.time()}


def _lay_host(root: Path, world: Document, state: str) -> None:
    home = root / "host" / "zot"
    write = {"open": zot_config.open_config, "half": zot_config.half_config, "hardened": zot_config.hardened_config}
    (home / "config.json").write_text(write[state](world))
    _write_private(
        home / "session-keys.json", json.dumps({"hashKey": secrets.token_hex(32), "encryptKey": secrets.token_hex(16)})
    )
    if state != "open":
        _write_private(home / "oidc-credentials.json", zot_config.credentials(world))
    label = world["names"]["service"]
    agent = root / "checkout" / "ansible" / "roles" / "zot" / "files" / f"{label}.plist"
    shutil.copy(agent, root / "host" / "LaunchAgents")


def _lay_documents(world: Document, state: str) -> None:
    documents = State(Path(world["root"]) / "state")
    text = blueprint.old(world) if state == "open" else blueprint.new(world)
    first = {
        "provider": provider.initial(world, "open" if state == "open" else "hardened", text),
        "forge": forge.initial(world),
        "vault": first_vault(world),
        "cluster": first_cluster(world, deployed=state != "open"),
        "quirks": {},
        "processes": {},
        "start": {"state": state},
    }
    for name, content in first.items():
        with documents.edit(name) as document:
            document.update(content)
    (documents.folder / "calls.jsonl").touch()


def first_vault(world: Document) -> Document:
    """The vault with the four items that the roles and zotops read."""
    names, hidden = world["names"], world["secrets"]
    holder = {"id": names["vault"], "name": names["vault_name"]}
    shared = {
        names["field"]: "unset",
        "api-token": hidden["forge_token"],
        "argocd_token": hidden["argocd_token"],
        **{name: secrets.token_urlsafe(32) for name in ("lfs-jwt-secret", "internal-token", "oauth2-jwt-secret")},
        "runner_reg": secrets.token_hex(20),
    }
    own = dict.fromkeys(("pending", "previous", "expires", "due", "current-id", "revoked"), "")
    items = (
        (names["shared_item"], names["shared_title"], shared, ()),
        (names["own_item"], names["own_title"], own, ("expires", "due", "current-id", "revoked")),
        (
            names["authentik_item"],
            "Authentik (practice)",
            {"zot-client-secret": hidden["client_secret"], "api-token": hidden["provider_token"]},
            (),
        ),
        (names["fly_item"], "Fly.io", {"deploy-token": hidden["deploy_token"]}, ()),
    )
    return {
        "vaults": [holder],
        "items": {
            item: vault.new_item(item=item, title=title, vault=holder, fields=fields, text=text)
            for item, title, fields, text in items
        },
    }


def _lay_home(root: Path, world: Document) -> None:
    home = root / "home"
    (home / ".gitconfig").write_text("[user]\n\tname = Alex Practice\n\temail = alex@practice.example\n")
    login = home / ".config" / "argocd"
    login.mkdir(parents=True)
    _write_private(login / "config", f"users:\n- auth-token: {world['secrets']['argocd_token']}\n  name: practice\n")


def _lay_profile(root: Path, world: Document) -> None:
    (root / "profile.toml").write_text(profile_text(world))


def _lay_shell(root: Path) -> None:
    """A shell in which one types as the profile's programs are called: that PATH, that home, in the checkout."""
    place = {"HOME": f"{root}/home", "PATH": f"{root}/bin", "ZOTOPS_LAB_WORLD": str(root), "LC_ALL": "C.UTF-8"}
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in place.items())
    shell = root / "shell"
    shell.write_text(
        f"#!/bin/sh\ncd {shlex.quote(f'{root}/checkout')} || exit\n"
        f'exec env -i {variables} TERM="${{TERM:-dumb}}" PS1=\'PRACTICE $ \' /bin/sh "$@"\n'
    )
    shell.chmod(0o755)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
