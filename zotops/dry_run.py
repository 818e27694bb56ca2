"""Looks at every step and says what would be done: no lock, no journal, no prompt, no change."""

from __future__ import annotations

from zotops.looking import counted, look
from zotops.model import Fact, Runbook, Verdict
from zotops.operator import Found, Operator, StepBegins, Told
from zotops.world import World


def dry_run(runbook: Runbook, world: World, operator: Operator) -> int:
    """0 when everything could be looked at, else 5."""
    facts: dict[Fact, str] = {}
    blind = False
    for position, step in enumerate(runbook.steps, 1):
        operator.show(StepBegins(step=step, position=position, total=len(runbook.steps), facts=facts))
        for check in step.checks:
            if check.leaves:
                operator.show(Told(what="not looked at", result=f"{check}: that leaves {check.leaves}"))
        for check, evidence in look([check for check in step.checks if not check.leaves], world, facts):
            facts.update(evidence.facts)
            blind = blind or (counted(check, evidence) is Verdict.UNKNOWN and not check.unknown_until)
            operator.show(Found(check=check, evidence=evidence, when="now"))
        would = f"would: {step.action}" if step.action else "only looks" if step.look_only else "is done by hand"
        operator.show(Told(what=step.id, result=would))
    return 5 if blind else 0
