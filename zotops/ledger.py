"""A run as it is being written: every record goes to the journal first, and is folded into where the run stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from zotops.model import Check, Evidence, Facts, Runbook
from zotops.operator import Operator, Told
from zotops.progress import Progress, Recorded, folded, progress


class Writes(Protocol):
    """The journal as a run needs it."""

    def append(self, event: str, step: str, data: Mapping[str, Any]) -> Recorded:
        """Write one record and return it once it is on the disk."""
        ...

    def records(self) -> Sequence[Recorded]:
        """All records so far."""
        ...


class Ledger:
    """Records, shows, and knows where the run stands."""

    def __init__(self, journal: Writes, operator: Operator) -> None:
        self.journal = journal
        self.operator = operator
        self.now: Progress = progress(journal.records())

    def record(self, event: str, step: str, data: Mapping[str, Any]) -> None:
        """Write it down, then count it."""
        self.now = folded(self.now, self.journal.append(event, step, data))

    def found(self, step: str, facts: Facts) -> None:
        """Record facts that are new or have changed; an empty one is not known any more."""
        for fact, value in facts.items():
            if self.now.facts.get(fact, "") != value:
                self.record("fact-found", step, {"name": fact.name, "value": value})

    def checked(self, step: str, check: Check, evidence: Evidence, when: str) -> None:
        """Record one check: `when` is before, after or again."""
        data = {
            "check": str(check),
            "when": when,
            "verdict": evidence.verdict.value,
            "expected": evidence.expected,
            "observed": evidence.observed,
            "twin": evidence.twin,
            "likely": evidence.likely,
            "remedy": evidence.remedy,
            "took": round(evidence.took, 3),
            "advisory": check.advisory,
        }
        self.record("check-made", step, data)
        self.found(step, evidence.facts)

    def tell(self, what: str, result: str = "") -> None:
        """Show what is going on; what matters later is recorded as evidence or outcome."""
        self.operator.show(Told(what=what, result=result))


def counts(runbook: Runbook, now: Progress) -> Mapping[str, int]:
    """How many steps ended in which way: witnessed, shown, found done, observed, claimed, skipped."""
    ended = [now.of(step.id) for step in runbook.steps]
    kinds = [p.kind if p.stage == "done" else p.stage for p in ended if p.stage in ("done", "skipped")]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
