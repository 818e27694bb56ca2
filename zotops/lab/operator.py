"""The operator of a practice world: decides, clicks and answers, so that a rehearsal needs nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from zotops.lab.hands import Hands
from zotops.model import Question
from zotops.operator import Decision, Offer, Shown, StepBegins

# Seconds. No hands are faster: what was read before they began is not taken for what they have left.
A_MOMENT = 0.1


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
    """Lets zotops act; does by hand the steps named in `by_hand`, and those that nobody else can do.

    `meanwhile`: what happens to the world when a step begins, by the step's id.
    """

    screen: Shows
    hands: Hands
    by_hand: tuple[str, ...] = ()
    meanwhile: Mapping[str, Callable[[], None]] = field(default_factory=dict)

    def show(self, what: Shown) -> None:
        """As anybody would see it."""
        self.screen.show(what)
        if isinstance(what, StepBegins):
            mentioned = [fact for fact in what.facts if str(fact) in what.step.instructions]
            self.hands.known = {fact.name: what.facts[fact] for fact in mentioned}
            self.meanwhile.get(what.step.id, _nothing)()

    def decide(self, offer: Offer) -> Decision:
        """Accept what is done, act where zotops can, else by hand; before a red check that counts, leave."""
        if offer.counts:
            raise LeftOpen(offer)
        if Decision.CHECK in offer.choices:
            self.hands.do(offer.step.id)
            time.sleep(A_MOMENT)
            return Decision.CHECK
        if offer.step.id in self.by_hand:
            return Decision.BY_HAND
        if Decision.ACCEPT in offer.choices:
            return Decision.ACCEPT
        return Decision.DO if Decision.DO in offer.choices else Decision.BY_HAND

    def ask(self, question: Question) -> str:
        """What a person would type, after having done what the instructions say."""
        if question.id == "confirm":
            return question.prompt.partition("..")[2][:4]
        return self.hands.answer(question.id)


def _nothing() -> None:
    """Nothing happens meanwhile."""
