"""The Operator when nobody is there: accepts what is found done, acts only where the profile allows it."""

from __future__ import annotations

from dataclasses import dataclass

from zotops.errors import CheckFailed, NeedsAPerson, Unreachable
from zotops.model import Question, Verdict
from zotops.operator import Decision, Offer, Shown
from zotops.screen import Screen


@dataclass(frozen=True, kw_only=True)
class Unattended:
    """`steps`: the ids in which zotops may act; empty without `--auto`. Nothing is ever answered for a person."""

    screen: Screen
    steps: tuple[str, ...] = ()
    auto: bool = False

    def show(self, what: Shown) -> None:
        """As on a terminal."""
        self.screen.show(what)

    def decide(self, offer: Offer) -> Decision:
        """DO or ACCEPT where that is allowed; else the Stop that says what is waited for."""
        if offer.counts:
            raise _not_good(offer)
        if self.auto and Decision.ACCEPT in offer.choices:
            return Decision.ACCEPT
        if self.auto and Decision.DO in offer.choices and offer.step.id in self.steps:
            return Decision.DO
        choices = ", ".join(choice.name.lower().replace("_", " ") for choice in offer.choices)
        why = f"; [auto] steps of the profile does not list {offer.step.id}" if self.auto else ""
        remedy = "run it at a terminal, or with --auto and a profile whose [auto] steps lists it"
        raise NeedsAPerson(f"{offer.step.id} waits for a decision ({choices}){why}", remedy=remedy)

    def ask(self, question: Question) -> str:
        """A claim stays unclaimed; the confirmation of a listed irreversible step needs no typing."""
        if question.claim:
            return ""
        if question.id == "confirm" and self.auto:
            return question.form
        raise NeedsAPerson(f"waits for an answer: {question.prompt}", remedy="run it at a terminal")


def _not_good(offer: Offer) -> CheckFailed | Unreachable:
    bad = {s: e for s, e in offer.verdicts.items() if e.verdict is not Verdict.PASSED}
    red = [sentence for sentence, evidence in bad.items() if evidence.verdict is Verdict.FAILED]
    if red:
        return CheckFailed(f"{offer.step.id}: {'; '.join(red)}", remedy="see the remedies above, then call again")
    return Unreachable(f"{offer.step.id}: cannot be told: {'; '.join(bad)}", remedy="see above, then call again")
