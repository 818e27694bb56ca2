"""Lays the practice infrastructure repository's files into a folder, with this world's addresses beside them."""

from __future__ import annotations

import json
import plistlib
import shutil
from pathlib import Path

from zotops.lab.state import Document

DATA = Path(__file__).parent / "checkout"
BEFORE = Path(__file__).parent / "before"
TEMPLATE = "config.json.j2"


def lay_out(checkout: Path, world: Document) -> None:
    """Copy the files and write what differs from world to world."""
    shutil.copytree(DATA, checkout, dirs_exist_ok=True)
    inventory = checkout / "ansible" / "inventory"
    _write(inventory / "group_vars" / "all.yml", json.dumps(variables(world), indent=2) + "\n")
    _write(checkout / "mise-tasks" / ".addresses", _addresses(world))
    agent = plistlib.dumps(launch_agent(world)).decode()
    _write(checkout / "ansible" / "roles" / "zot" / "files" / f"{world['names']['service']}.plist", agent)


def lay_template(checkout: Path, *, hardened: bool) -> None:
    """Put in place the registry's configuration template as it is after, or was before, the hardening."""
    folder = Path("ansible") / "roles" / "zot" / "templates"
    shutil.copy((DATA / folder if hardened else BEFORE) / TEMPLATE, checkout / folder)


def variables(world: Document) -> Document:
    """The inventory's group_vars: addresses, paths and names of the world (JSON is YAML)."""
    root, names = world["root"], world["names"]
    files = f"{root}/checkout/ansible/roles/zot/files"
    return {
        "ansible_python_interpreter": f"{root}/host/bin/module-python",
        "registry_url": world["registry"]["url"],
        "registry_port": world["registry"]["port"],
        "provider_url": world["identity_provider"]["url"],
        "forge_url": world["forge"]["url"],
        "upstream_url": world["upstream"]["url"],
        "zot_home": f"{root}/host/zot",
        "zot_label": names["service"],
        "zot_plist": f"{root}/host/LaunchAgents/{names['service']}.plist",
        "zot_plist_source": f"{files}/{names['service']}.plist",
        "repository": f"{names['owner']}/{names['repo']}",
        "ci_secret": names["secret"],
        "ci_key_field": names["field"],
        # Set by the practice ansible-playbook when a fault wants a play to break off late.
        "practice_failure": "{{ lookup('env', 'ZOTOPS_LAB_PLAY_FAILS') }}",
        **{
            name: names[name]
            for name in (
                "application",
                "client_id",
                "ci_group",
                "admin_group",
                "vault",
                "shared_item",
                "authentik_item",
                "fly_item",
            )
        },
    }


def launch_agent(world: Document) -> Document:
    """The registry's launch agent (launchd.plist(5))."""
    root, label = world["root"], world["names"]["service"]
    return {
        "Label": label,
        "ProgramArguments": [*world["registry"]["command"], "serve", f"{root}/host/zot/config.json"],
        "RunAtLoad": True,
        "KeepAlive": True,
        "StandardOutPath": f"{root}/log/{label}.out.log",
        "StandardErrorPath": f"{root}/log/{label}.err.log",
    }


def _addresses(world: Document) -> str:
    names = world["names"]
    quirks = f"{world['root']}/state/quirks.json"
    values = {
        "HOST": names["ssh_host"],
        "ZOT_LABEL": names["service"],
        "CONTEXT": names["context"],
        "REGISTRY_URL": world["registry"]["url"],
        "PROVIDER_URL": world["identity_provider"]["url"],
        "FORGE_URL": world["forge"]["url"],
        "GRAFANA_URL": f"{world['forge']['url']}/api/v1/version",
    }
    lines = [f"{name}='{value}'" for name, value in values.items()]
    lines += ["# A fault may break a service that has nothing to do with the registry."]
    lines += [f"if grep -q '\"unrelated_red\": true' '{quirks}' 2>/dev/null; then GRAFANA_URL=http://127.0.0.1:1; fi"]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
