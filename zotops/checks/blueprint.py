"""Is the deployed blueprint the one that the identity provider has applied?"""

from __future__ import annotations

from zotops.checks.asking import AsksProvider
from zotops.model import Evidence, Facts, Look, Otherwise, judged
from zotops.systems.blueprint_state import BlueprintState, read_blueprint_state
from zotops.world import World


class BlueprintIsApplied(AsksProvider):
    """Three hashes are equal: of the live ConfigMap, of the worker's file, and of what was last applied."""

    def __str__(self) -> str:
        return f"the deployed blueprint {self.profile.identity_provider.blueprint.path} is in force at the provider"

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
        state = read_blueprint_state(world, self.profile)
        likely, remedy = _cause(state)
        return judged(
            state.in_force,
            expected="deployed, worker's and applied hash equal; successful",
            observed=str(state),
            likely=likely,
            remedy=remedy,
        )


def _cause(state: BlueprintState) -> tuple[str, str]:
    """Likely cause and remedy, by the first place that the text did not reach."""
    if not state.deployed:
        return "the ConfigMap, or that key in it, is not deployed", "sync the application in ArgoCD"
    if state.worker != state.deployed:
        return "the worker has not got the new file yet", "wait a minute; if it stays so, look at the worker's pod"
    if state.refused:
        return "the worker refused the file", "read the worker's log; it is not valid for this version"
    if state.applied != state.deployed:
        return "the worker has the file, but has not applied it", "apply it in the admin interface, under Blueprints"
    return "it was applied in part, or turned off", "look at it in the admin interface, under Blueprints"
