"""Is the deployed blueprint the one that the identity provider has applied?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from zotops.model import Check, Evidence, Facts, Login, Look, Otherwise, World, judged
from zotops.profile import Profile
from zotops.systems.argocd import read_configmap
from zotops.systems.authentik import open_authentik

SHORT = 12


@dataclass(frozen=True, kw_only=True)
class BlueprintIsApplied(Check):
    """Three hashes are equal: of the live ConfigMap, of the worker's file, and of what was last applied successfully."""

    profile: Profile

    def __str__(self) -> str:
        return (
            f"the identity provider has applied the deployed blueprint {self.profile.identity_provider.blueprint.path}"
        )

    @property
    def logins(self) -> Sequence[Login]:
        """The identity provider's API token."""
        return (Login("admin API", self.profile.provider_token),)

    @property
    def look(self) -> Look:
        """Compare the live ConfigMap with what the provider says that it applied."""
        provider, blueprint = self.profile.identity_provider, self.profile.identity_provider.blueprint
        return Look(
            command=f"kubectl --context={blueprint.context} -n {blueprint.namespace} get configmap "
            f"{blueprint.configmap} -o json | jq -j '.data[\"{blueprint.key}\"]' | shasum -a 512; then "
            f"{provider.url}/api/v3/managed/blueprints/?path={blueprint.path}",
            want="the same text as last_applied_hash, and status successful",
            otherwise=(
                Otherwise(
                    answer="another hash",
                    means="ArgoCD is synced, but the worker has not applied it: wait a minute, then apply it in the "
                    "admin interface",
                    fault="blueprint-not-applied",
                ),
                Otherwise(answer="error", means="the file is not valid for this version: read the worker's log"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED says at which of the three places the new text has not arrived."""
        del facts
        spec = self.profile.identity_provider.blueprint
        live = read_configmap(world, self.profile, spec.configmap, spec.key)
        provider = open_authentik(world, self.profile)
        applied = provider.blueprint(spec.path)
        worker = next((file.hash for file in provider.available_blueprints() if file.path == spec.path), "")
        deployed = hashlib.sha512(live).hexdigest() if live is not None else ""
        last, status = (applied.last_applied_hash, applied.status) if applied else ("", "no such blueprint")
        likely, remedy = _cause(deployed, worker, last, status)
        return judged(
            bool(deployed) and deployed == worker == last and status == "successful",
            expected="deployed, worker's and applied hash equal; successful",
            observed=f"deployed {_short(deployed)}, worker {_short(worker)}, applied {_short(last)}; {status}",
            likely=likely,
            remedy=remedy,
        )


def _cause(deployed: str, worker: str, applied: str, status: str) -> tuple[str, str]:
    """Likely cause and remedy, by the first place that the text did not reach."""
    if not deployed:
        return "the ConfigMap, or that key in it, is not deployed", "sync the application in ArgoCD"
    if worker != deployed:
        return "the worker has not got the new file yet", "wait a minute; if it stays so, look at the worker's pod"
    if status == "error":
        return "the worker refused the file", "read the worker's log; the blueprint is not valid for this version"
    if applied != deployed:
        return "the worker has the file, but has not applied it", "apply it in the admin interface, under Blueprints"
    return "it was applied in part, or turned off", "look at it in the admin interface, under Blueprints"


def _short(digest: str) -> str:
    return digest[:SHORT] or "none"
