"""The two blueprints of the practice world and the ConfigMap that carries them; standard library only."""

from __future__ import annotations

from typing import Any

KEY = "zot.yaml"

_HEAD = """\
# Who may sign in at the practice registry. Applied by the worker; `!Env` is filled in from the worker's environment.
version: 1
metadata:
  name: {blueprint_name}
  labels:
    blueprints.goauthentik.io/description: Sign-in of the practice registry
entries:
"""

_CI_PEOPLE = """\
  - model: authentik_core.group
    id: ci-group
    identifiers:
      name: {ci_group}
    attrs:
      is_superuser: false

  - model: authentik_core.user
    id: ci-user
    identifiers:
      username: {ci_user}
    attrs:
      name: Pushes images from CI
      type: service_account
      path: service-accounts
      is_active: true
      groups:
        - !KeyOf ci-group

"""

_APPLICATION = """\
  - model: authentik_providers_oauth2.oauth2provider
    id: registry-provider
    identifiers:
      name: Zot
    attrs:
      authorization_flow: !Find [authentik_flows.flow, [slug, default-provider-authorization-implicit-consent]]
      invalidation_flow: !Find [authentik_flows.flow, [slug, default-provider-invalidation-flow]]
      client_type: confidential
      client_id: {client_id}
      client_secret: !Env AUTHENTIK_ZOT_CLIENT_SECRET
      signing_key: !Find [authentik_crypto.certificatekeypair, [name, authentik Self-signed Certificate]]
      redirect_uris:
        - matching_mode: strict
          url: {registry}/zot/auth/callback/oidc
      property_mappings:
        - !Find [authentik_providers_oauth2.scopemapping, [managed, goauthentik.io/providers/oauth2/scope-openid]]
        - !Find [authentik_providers_oauth2.scopemapping, [managed, goauthentik.io/providers/oauth2/scope-email]]
        - !Find [authentik_providers_oauth2.scopemapping, [managed, goauthentik.io/providers/oauth2/scope-profile]]

  - model: authentik_core.application
    id: registry-application
    identifiers:
      slug: {application}
    attrs:
      name: Zot Registry
      provider: !KeyOf registry-provider
      policy_engine_mode: any
      meta_launch_url: {registry}

  # The group of the administrators comes from the common blueprint, in no declared order.
  - model: authentik_policies.policybinding
    identifiers:
      target: !KeyOf registry-application
      order: 0
    attrs:
      group: !Find [authentik_core.group, [name, {admin_group}]]
      enabled: true
"""

_CI_BINDING = """\

  - model: authentik_policies.policybinding
    identifiers:
      target: !KeyOf registry-application
      order: 1
    attrs:
      group: !KeyOf ci-group
      enabled: true
"""


def old(world: dict[str, Any]) -> str:
    """The blueprint of the open world: the application, and only the administrators may pass."""
    return _fill(_HEAD + _APPLICATION, world)


def new(world: dict[str, Any]) -> str:
    """The blueprint of the hardened world: CI has a group, an account in it, and may pass as well."""
    return _fill(_HEAD + _CI_PEOPLE + _APPLICATION + _CI_BINDING, world)


def _fill(template: str, world: dict[str, Any]) -> str:
    return template.format(**world["names"], registry=world["registry"]["url"])


def configmap(text: str, *, name: str = "authentik-blueprints", namespace: str = "authentik") -> str:
    """The manifest that holds the blueprint under `zot.yaml`; the text comes out of it again byte for byte."""
    lines = "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"
    return f"{head}data:\n  {KEY}: |\n{lines}"


def text_of(manifest: str) -> str:
    """The blueprint in a manifest written by `configmap`, as a mounted file would hold it; ValueError without one."""
    _, found, block = manifest.partition(f"\n  {KEY}: |\n")
    if not found:
        raise ValueError(f"the manifest holds no text under {KEY}: write it with configmap()")
    kept: list[str] = []
    for line in block.splitlines(keepends=True):
        if line.strip() and not line.startswith("    "):
            break
        kept.append(line[4:] if line.strip() else "\n")
    return "".join(kept).rstrip("\n") + "\n"
