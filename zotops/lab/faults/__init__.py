"""The named ways in which a practice world can be broken, and the odd ones in which it is not, each with its check."""

from __future__ import annotations

from zotops.lab.faults import argocd, identity, provisioning, registry, rotation, rules, vault_and_ci
from zotops.lab.faults.fault import Fault, Trap, Twist
from zotops.lab.faults.traps import TRAPS

__all__ = ["FAULTS", "TRAPS", "Fault", "Trap", "Twist", "fault_named", "twist_named"]

FAULTS: tuple[Fault, ...] = (
    *identity.FAULTS,
    *argocd.FAULTS,
    *rules.FAULTS,
    *registry.FAULTS,
    *provisioning.FAULTS,
    *vault_and_ci.FAULTS,
    *rotation.FAULTS,
)


def fault_named(name: str) -> Fault | None:
    """The fault of that name."""
    return next((fault for fault in FAULTS if fault.name == name), None)


def twist_named(name: str) -> Twist | None:
    """The fault or the trap of that name."""
    return next((twist for twist in (*FAULTS, *TRAPS) if twist.name == name), None)
