"""The operator of a practice world: decides, clicks and answers, so that a rehearsal needs nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from zotops.lab.hands import Hands
from zotops.model import Question
from zotops.operator import Decision, Offer, Shown


class Shows(Protocol):
    """Where a rehearsal is shown."""

    def show(self, what: Shown) -> None:
        """Show it."""
        ...


class LeftOpen(Exception):  # not an error: the operator leaves, as a person does before a red check
    """The operator does not go on: a check is not passed after the action."""

    def __init__(self, offer: Offer) -> None:
        super().__init__(offer.step.id)
        self.offer = offer


@dataclass(frozen=True, kw_only=True)
class PracticeOperator:
    """Lets zotops act; does by hand the steps named in `by_hand`, and those that nobody else can do."""

    screen: Shows
    hands: Hands
    by_hand: tuple[str, ...] = ()

    def show(self, what: Shown) -> None:
        """As anybody would see it."""
        self.screen.show(what)

    def decide(self, offer: Offer) -> Decision:
        """Accept what is done, act where zotops can, else by hand; before a red check that counts, leave."""
        if offer.counts:
            raise LeftOpen(offer)
        if Decision.CHECK in offer.choices:
            self.hands.do(offer.step.id)
            return Decision.CHECK
        if Decision.ACCEPT in offer.choices:
            return Decision.ACCEPT
        zotops_acts = Decision.DO in offer.choices and offer.step.id not in self.by_hand
        return Decision.DO if zotops_acts else Decision.BY_HAND

    def ask(self, question: Question) -> str:
        """What a person would type, after having done what the instructions say."""
        return self.hands.answer(question.id)
