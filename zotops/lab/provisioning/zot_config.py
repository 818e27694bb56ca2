"""The registry's configuration: open as before the deployment, hardened as the role's template writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, select_autoescape

from zotops.lab.provisioning.layout import BEFORE, TEMPLATE, variables
from zotops.lab.state import Document


def open_config(world: Document) -> str:
    """What the role wrote before: none of the four parts openid, apikey, accessControl and externalUrl."""
    return _rendered(world, BEFORE / TEMPLATE, {})


def hardened_config(world: Document) -> str:
    """What the checkout's role writes, byte for byte: its template filled in with its defaults."""
    return _rendered(world, _role(world) / "templates" / TEMPLATE, {})


def half_config(world: Document) -> str:
    """The hardened configuration without its accessControl: whoever signs in may do everything."""
    config = json.loads(hardened_config(world))
    del config["http"]["accessControl"]
    return json.dumps(config, indent=2) + "\n"


def credentials(world: Document) -> str:
    """The client's name and secret, as the role writes them."""
    answer = {"stdout": world["secrets"]["client_secret"]}
    return _rendered(world, _role(world) / "templates" / "oidc-credentials.json.j2", {"zot_client_secret": answer})


def _rendered(world: Document, template: Path, more: dict[str, Any]) -> str:
    # Ansible's own settings of Jinja; what is escaped as HTML is no JSON any more.
    environment = Environment(
        autoescape=select_autoescape(enabled_extensions=(), default_for_string=False),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["to_json"] = json.dumps
    known = variables(world) | more
    for name, value in yaml.safe_load((_role(world) / "defaults" / "main.yml").read_text()).items():
        known[name] = environment.from_string(value).render(known) if isinstance(value, str) else value
    return environment.from_string(template.read_text()).render(known)


def _role(world: Document) -> Path:
    return Path(world["root"]) / "checkout" / "ansible" / "roles" / "zot"
