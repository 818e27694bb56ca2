"""The ordinary profile of a practice world, as TOML."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Settings = Mapping[str, Any]
OWN_FIELDS = ("pending", "previous", "expires", "due", "current-id", "revoked")


def profile_text(world: Settings) -> str:
    """The profile that leads zotops into this world; `world` is what world.json holds."""
    tables = _tables(world)
    lines = [f"{key} = {json.dumps(value)}" for key, value in tables.pop("").items()]
    for name, table in tables.items():
        header = f"[[{name[:-2]}]]" if name.endswith("[]") else f"[{name}]"
        for one in table if isinstance(table, list) else [table]:
            lines += ["", header, *(f"{key} = {_toml(value)}" for key, value in one.items())]
    return "\n".join(["# A practice world. Nothing here is real.", *lines, ""])


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _tables(world: Settings) -> dict[str, Any]:
    names = world["names"]
    url = world["registry"]["url"]
    image = f"{names['image_namespace']}/{names['container']}"
    return {
        "": {"name": "practice", "practice": True},
        "registry": {
            "url": url,
            "namespace": names["image_namespace"],
            "scratch": f"{names['image_namespace']}/zotops-scratch",
            "image": image,
            "plain_http_is_trusted": True,
        },
        "registry.mirrors[]": [{"prefix": "docker.io", "image": "library/busybox:1.36"}],
        # The same registry by another name: the second front door.
        "registry.addresses[]": [{"url": url.replace("127.0.0.1", "localhost"), "plain_http_is_trusted": True}],
        "server": _server(world),
        "tiers": {"anonymous": ["read"], "signed_in": ["read"]},
        "tiers.ci": {"group": names["ci_group"], "actions": ["read", "create"]},
        "tiers.admins": {"group": names["admin_group"], "actions": ["read", "create", "update", "delete"]},
        **_identity(world),
        "ci": {"name": names["ci_user"]},
        **_forge(world),
        "argocd": {
            "app": names["argocd_app"],
            "project": names["argocd_project"],
            "arguments": ["--grpc-web"],
            "target_revision": names["branch"],
            "repository": f"{world['root']}/forge/platform.git",
            "patience": 30.0,
        },
        **_secrets(names),
        "provisioning": {
            "task": "provision-indri",
            "registry_tasks": ["zot : Deploy zot config", "zot : Deploy zot OIDC credentials"],
            "secrets_tasks": ["forgejo_actions_secrets : Sync Actions secrets to Forgejo"],
            "services_lines": ["zot", "Zot Registry", "Authentik", "ArgoCD", "Forgejo"],
            "patience": 120.0,
        },
        **_programs(world),
        "rotation": {"lifetime_days": 90, "due_day": 60, "soak_minutes": 0.0},
        "consumers[]": [
            {"name": "cluster", "url": url, "reference": f"{image}/tags/list", "agent": "containerd/2.0"},
            {"name": "job runner", "url": url, "reference": f"{image}/tags/list", "agent": "docker/28.0"},
        ],
        "auto": {"steps": [
            "deploy-blueprint", "let-ci-sign-in", "deploy-zot", "create-ci-key", "store-ci-key", "sync-forge-secrets",
            "test-build", "verify", "create", "end-others", "promote", "propagate", "prove", "soak", "revoke", "arm",
        ]},
    }  # fmt: skip


def _server(world: Settings) -> dict[str, Any]:
    host, names = Path(world["root"]) / "host", world["names"]
    return {
        "ssh": names["ssh_host"],
        "os": "darwin" if sys.platform == "darwin" else "linux",
        "config": str(host / "zot" / "config.json"),
        "credentials": str(host / "zot" / "oidc-credentials.json"),
        "binary": str(host / "bin" / "zot"),
        "service": names["service"],
        "plist": str(host / "LaunchAgents" / f"{names['service']}.plist"),
        "local_url": world["registry"]["url"],
    }


def _identity(world: Settings) -> dict[str, Any]:
    names, url = world["names"], world["identity_provider"]["url"]
    return {
        "identity_provider": {
            "url": url,
            "issuer": f"{url}/application/o/{names['application']}/",
            "application": names["application"],
            "client_id": names["client_id"],
            "api_token": f"{names['authentik_item']}/api-token",
            "client_secret": f"{names['authentik_item']}/zot-client-secret",
            "guest": names["guest"],
        },
        "identity_provider.blueprint": {
            "path": names["blueprint_path"],
            "configmap": names["configmap"],
            "context": names["context"],
            "namespace": names["namespace"],
            "worker": names["worker"],
        },
    }


def _forge(world: Settings) -> dict[str, Any]:
    names, url = world["names"], world["forge"]["url"]
    return {
        "forge": {
            "api_url": f"{url}/api/v1",
            "web_url": url,
            "owner": names["owner"],
            "repo": names["repo"],
            "branch": names["branch"],
            "token": f"{names['shared_item']}/api-token",
            "secret": names["secret"],
        },
        "forge.workflows[]": [
            {"file": "build-container.yaml", "pushes_with": "dagger"},
            {"file": "build-container-nix.yaml", "suffix": "-nix", "pushes_with": "skopeo"},
        ],
        "build": {
            "container": names["container"],
            "version_file": f"containers/{names['container']}/Dockerfile",
            "patience": 60.0,
        },
    }


def _secrets(names: Mapping[str, str]) -> dict[str, Any]:
    shared = names["shared_item"]
    return {
        "secrets": {
            "vault": names["vault"],
            "shared_item": shared,
            "shared_title": names["shared_title"],
            "key_field": names["field"],
            "own_item": names["own_item"],
            "own_title": names["own_title"],
            "read_by_roles": [
                f"{names['authentik_item']}/zot-client-secret",
                f"{shared}/api-token",
                f"{shared}/argocd_token",
                f"{names.get('fly_item', names['authentik_item'])}/deploy-token",
            ],
            "unattended": [
                f"{shared}/{names['field']}",
                f"{shared}/api-token",
                *(f"{names['own_item']}/{field}" for field in OWN_FIELDS),
            ],
            "patience": 10.0,
        }
    }


def _programs(world: Settings) -> dict[str, Any]:
    root = world["root"]
    return {
        "programs": {"directory": f"{root}/checkout", "search_path": f"{root}/bin"},
        "programs.environment": {
            "HOME": f"{root}/home",
            "ZOTOPS_LAB_WORLD": root,
            "LC_ALL": "C.UTF-8",
        },
    }
