"""Nobody there: nothing is answered for a person, and zotops acts only where the profile lists the step."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from tests.lamps import LAMP_MADE, House, IsOn, Lamps, TurnOn, lamp_runbook, lamp_step
from zotops.errors import CheckFailed, NeedsAPerson, Unreachable
from zotops.model import Evidence, Question, judged, unknown
from zotops.operator import Decision, Offer, Told
from zotops.runner import Bounds
from zotops.screen import Place, Screen
from zotops.unattended import Unattended
from zotops.world import SecretRef

EVERYTHING = tuple(Decision)
RED, GOOD = judged(False, expected="e", observed="o"), judged(True, expected="e", observed="o")
OPEN = unknown(expected="e", observed="o")
SURE = Question(id="sure", prompt="Is it light?", claim=True)


def nobody(*steps: str, auto: bool = True) -> Unattended:
    console = Console(file=io.StringIO(), soft_wrap=True)
    place = Place(registry="r", profile="p")
    screen = Screen(place=place, redact=str, again="invoke lamps", console=console)
    return Unattended(screen=screen, steps=steps, auto=auto)


def offer(choices: Sequence[Decision] = EVERYTHING, *, after: Mapping[str, Evidence] | None = None) -> Offer:
    """What stands to choose; `after`: what the checks said after the action."""
    return Offer(step=lamp_step(Lamps(), "hall"), choices=choices, verdicts=after or {}, counts=after is not None)


def test_what_is_found_done_is_accepted_and_not_done_again() -> None:
    assert nobody("hall").decide(offer()) is Decision.ACCEPT


def test_a_listed_step_is_done() -> None:
    assert nobody("hall").decide(offer([Decision.DO, Decision.BY_HAND])) is Decision.DO


@pytest.mark.parametrize(
    ("operator", "choices"),
    [
        (nobody("attic"), [Decision.DO, Decision.GO_ON, Decision.BY_HAND]),
        (nobody(), [Decision.DO]),
        (nobody("hall"), [Decision.BY_HAND, Decision.SKIP]),
        (nobody("hall", auto=False), [Decision.DO]),
        (nobody("hall", auto=False), EVERYTHING),
    ],
)
def test_everything_else_waits_for_a_person(operator: Unattended, choices: Sequence[Decision]) -> None:
    with pytest.raises(NeedsAPerson, match="hall waits for a decision") as waiting:
        operator.decide(offer(choices))
    assert waiting.value.exit_code == 3
    assert waiting.value.remedy


@pytest.mark.parametrize("auto", [True, False])
def test_a_check_that_is_red_after_the_action_ends_the_call(auto: bool) -> None:
    with pytest.raises(CheckFailed, match="hall: it is dark: see") as red:
        nobody("hall", auto=auto).decide(offer(after={"it is dark": RED, "fine": GOOD, "unclear": OPEN}))
    assert red.value.exit_code == 1


def test_what_cannot_be_told_ends_the_call_as_unreachable() -> None:
    with pytest.raises(Unreachable, match="hall: cannot be told: unclear") as open_:
        nobody("hall").decide(offer(after={"fine": GOOD, "unclear": OPEN}))
    assert open_.value.exit_code == 5


@pytest.mark.parametrize("auto", [True, False])
@pytest.mark.parametrize(
    "question",
    [
        Question(id="colour", prompt="Which?"),
        Question(id="key", prompt="The key", keep_as=SecretRef("i", "f")),
        Question(id="reason", prompt="Why?"),
    ],
)
def test_nothing_is_answered_for_a_person(question: Question, auto: bool) -> None:
    with pytest.raises(NeedsAPerson, match=f"waits for an answer: {question.prompt}"):
        nobody("hall", auto=auto).ask(question)


def test_a_claim_stays_unclaimed() -> None:
    assert nobody().ask(SURE) == ""


def test_the_last_word_before_what_is_final_is_not_given_without_auto() -> None:
    with pytest.raises(NeedsAPerson):
        nobody("hall", auto=False).ask(Question(id="confirm", prompt="Type 0042", form="0042"))


def test_what_happens_is_shown_as_on_a_terminal() -> None:
    operator = nobody()
    operator.show(Told(what="switched", result="hall"))
    file = operator.screen.console.file
    assert isinstance(file, io.StringIO)
    assert file.getvalue() == "  switched             hall\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_auto_goes_on_exactly_to_the_first_step_that_is_not_listed(house: House) -> None:
    rooms = ("hall", "attic", "yard")
    book = lamp_runbook(*(lamp_step(house.lamps, name) for name in rooms))
    with pytest.raises(NeedsAPerson, match="attic waits"):
        house.runner(book, nobody("hall", "yard")).walk(Bounds())
    assert house.lamps.on == {"hall"}


def test_an_irreversible_step_is_taken_when_it_is_listed_and_nothing_is_typed(house: House) -> None:
    made = lamp_step(house.lamps, "hall")
    final = lamp_step(house.lamps, "attic", action=TurnOn(lamps=house.lamps, name="attic", final=True))
    house.runner(lamp_runbook(made, final), nobody("hall", "attic")).walk(Bounds())
    assert house.lamps.on == {"hall", "attic"}


def test_a_step_that_only_looks_needs_no_listing(house: House) -> None:
    house.lamps.on.add("hall")
    looks = lamp_step(house.lamps, "hall", action=None, undo=None, look_only=True)
    house.runner(lamp_runbook(looks), nobody()).walk(Bounds())
    assert house.record("step-done") == [{"kind": "observed"}]


def test_an_unclaimed_claim_is_recorded_as_no_answer(house: House) -> None:
    book = lamp_runbook(lamp_step(house.lamps, "hall", asks=(SURE,)))
    runner = house.runner(book, nobody("hall"))
    runner.walk(Bounds())
    assert runner.ledger.now.claims == {"sure": ""}
    assert LAMP_MADE in runner.ledger.now.facts


def test_checks_of_a_red_step_are_named_by_their_sentences(house: House) -> None:
    other = IsOn(lamps=house.lamps, name="attic")
    book = lamp_runbook(lamp_step(house.lamps, "hall", checks=(IsOn(lamps=house.lamps, name="hall"), other)))
    with pytest.raises(CheckFailed, match="hall: lamp attic is on: see the remedies"):
        house.runner(book, nobody("hall")).walk(Bounds())


def test_a_finding_is_not_why_a_call_ends(house: House) -> None:
    hall, attic = (IsOn(lamps=house.lamps, name=name) for name in ("hall", "attic"))
    weak = IsOn(lamps=house.lamps, name="yard", finding=True)
    house.lamps.silent.add("attic")
    book = lamp_runbook(lamp_step(house.lamps, "hall", checks=(hall, attic, weak)))
    with pytest.raises(Unreachable, match=r"^hall: cannot be told: lamp attic is on: see"):
        house.runner(book, nobody("hall")).walk(Bounds())
