"""What was read a moment ago is not asked for again, and what may have changed meanwhile is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.counting_store import ELSEWHERE, OTHER, REF, Counting, Hand
from zotops.errors import Uncertain, Unreachable
from zotops.model import Question
from zotops.operator import Decision, Offer, Operator, RunEnds, Shown, StepBegins
from zotops.recent import SECONDS, Forgetting, Recent
from zotops.world import Secret


@dataclass
class Slow:
    """An operator who takes that long for everything, by that clock."""

    clock: Hand
    seconds: float

    def show(self, what: Shown) -> None:
        del what

    def decide(self, offer: Offer) -> Decision:
        del offer
        self.clock.sleep(self.seconds)
        return Decision.DO

    def ask(self, question: Question) -> str:
        self.clock.sleep(self.seconds)
        return question.id


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def store() -> Counting:
    return Counting()


@pytest.fixture
def recent(clock: Hand, store: Counting) -> Recent:
    return Recent(store=store, clock=clock)


def test_each_secret_is_asked_for_once(recent: Recent, store: Counting) -> None:
    assert [recent.read(ref).reveal() for ref in (REF, REF, OTHER, REF)] == ["1", "1", "2", "1"]
    assert store.reads == [REF, OTHER]


def test_after_some_seconds_it_is_asked_for_again(recent: Recent, clock: Hand) -> None:
    recent.read(REF)
    clock.sleep(SECONDS)
    assert recent.read(REF).reveal() == "1"
    clock.sleep(0.1)
    assert recent.read(REF).reveal() == "2"


@pytest.mark.parametrize("fails", [False, True])
def test_a_write_forgets_that_item_whatever_became_of_it(recent: Recent, store: Counting, fails: bool) -> None:
    recent.read(REF)
    recent.read(ELSEWHERE)
    store.locked = fails
    if fails:
        with pytest.raises(Uncertain):
            recent.write("item", {"key": None})
        store.locked = False
    else:
        recent.write("item", {"key": None})
    assert [recent.read(ref).reveal() for ref in (REF, ELSEWHERE)] == ["3", "2"]


def test_what_cannot_be_read_is_tried_each_time(recent: Recent, store: Counting) -> None:
    store.locked = True
    for _ in range(2):
        with pytest.raises(Unreachable):
            recent.read(REF)
    store.locked = False
    assert recent.read(REF).reveal() == "3"


def test_prints_are_those_of_the_store(recent: Recent) -> None:
    assert recent.fingerprints("item") == {"item": "0"}
    assert recent.fingerprint(Secret("as it is")) == "as it is"


@pytest.mark.parametrize(
    ("act", "seconds", "again"),
    [
        (lambda operator: operator.show(begins()), 0, True),
        (lambda operator: operator.show(ends()), 0, False),
        (lambda operator: operator.decide(cast("Offer", None)), 1, True),
        (lambda operator: operator.decide(cast("Offer", None)), 0, False),
        (lambda operator: operator.ask(Question(id="why", prompt="Why?")), 1, True),
        (lambda operator: operator.ask(Question(id="why", prompt="Why?")), 0, False),
    ],
    ids=["a step begins", "the run ends", "a person decides", "g decides", "a person answers", "nobody answers"],
)
def test_what_may_have_changed_meanwhile_is_forgotten(
    recent: Recent, clock: Hand, act: Callable[[Operator], Any], seconds: float, again: bool
) -> None:
    recent.read(REF)
    act(Forgetting(operator=Slow(clock, seconds), recent=recent))
    assert recent.read(REF).reveal() == ("2" if again else "1")


def begins() -> StepBegins:
    return StepBegins(step=cast("Any", None), position=1, total=2, facts={})


def ends() -> RunEnds:
    return RunEnds(run="7f3a", why="", step=None, counts={}, left=())
