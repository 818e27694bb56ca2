"""The names of the practice world; every part and the profile take them from world.json."""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "application": "zot",
    "client_id": "zot",
    "ci_user": "zot-ci",
    "ci_group": "artifact-workloads",
    "admin_group": "admins",
    "admin_user": "alex",
    "superuser": "akadmin",
    "guest": "guest",
    "blueprint_path": "custom/zot.yaml",
    "blueprint_name": "Practice Zot SSO",
    "configmap": "authentik-blueprints",
    "namespace": "authentik",
    "worker": "authentik-worker",
    "context": "practice-k3s",
    "argocd_app": "authentik",
    "argocd_project": "default",
    "branch": "main",
    "owner": "practice",
    "repo": "platform",
    "secret": "ZOT_CI_API_KEY",
    "image_namespace": "practice",
    "container": "nettest",
    "vault": "practicevaultid00000000000",
    "vault_name": "practice",
    "shared_item": "forgejosecretsid0000000000",
    "shared_title": "Forgejo Secrets",
    "own_item": "zotopszotciid000000000000",
    "own_title": "zotops zot-ci",
    "authentik_item": "authentikitemid00000000000",
    "fly_item": "flyitemid00000000000000000",
    "field": "zot-ci-api",
    "service": "practice.zot",
    "ssh_host": "practice-host",
}
