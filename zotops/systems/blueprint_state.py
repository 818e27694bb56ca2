"""How far a blueprint has come: from the cluster, to the identity provider's worker, into force."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from zotops.profile import Profile
from zotops.systems.argocd import read_configmap
from zotops.systems.authentik import Authentik, open_authentik
from zotops.world import World

SUCCESSFUL, REFUSED = "successful", "error"
SHORT = 12


@dataclass(frozen=True, kw_only=True)
class BlueprintState:
    """SHA-512 of the same text at three places, in hex, "" where there is none; and the status of the last apply.

    Equal, and successful: in force at the last apply (what somebody changed by hand since then shows elsewhere).
    """

    deployed: str
    worker: str
    applied: str
    status: str

    @property
    def in_force(self) -> bool:
        """Whether the deployed text is the applied one."""
        return bool(self.deployed) and self.deployed == self.worker == self.applied and self.status == SUCCESSFUL

    @property
    def waits(self) -> bool:
        """Whether the worker has the deployed text, and has not tried it."""
        return self.worker == self.deployed != self.applied and not self.refused

    @property
    def refused(self) -> bool:
        """Whether waiting is of no use: the worker has the text, and it is not valid."""
        return self.status == REFUSED and self.worker == self.deployed != self.applied

    def __str__(self) -> str:
        places = {"deployed": self.deployed, "worker": self.worker, "applied": self.applied}
        hashes = ", ".join(f"{name} {digest[:SHORT] or 'none'}" for name, digest in places.items())
        return f"{hashes}; {self.status}"


def read_blueprint_state(world: World, profile: Profile, provider: Authentik | None = None) -> BlueprintState:
    """Ask ArgoCD for the live ConfigMap, and the identity provider for the rest (opened anew unless it is given)."""
    spec = profile.identity_provider.blueprint
    live = read_configmap(world, profile, spec.configmap, spec.key)
    provider = provider or open_authentik(world, profile)
    instance = provider.blueprint(spec.path)
    return BlueprintState(
        deployed=hashlib.sha512(live).hexdigest() if live is not None else "",
        worker=next((file.hash for file in provider.available_blueprints() if file.path == spec.path), ""),
        applied=instance.last_applied_hash if instance else "",
        status=instance.status if instance else "no such blueprint",
    )
