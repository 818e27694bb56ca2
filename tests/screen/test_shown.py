"""What is shown of what: looks, steps, the head and the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lamps import LAMP_MADE, House, Lamps, TurnOn, lamp_runbook, lamp_step
from tests.screen.glass import Glass, found, good, red
from zotops.model import Fact, unknown
from zotops.operator import Decision, LookCloser, Offer, RunBegins, RunEnds, StepBegins, StepEnds
from zotops.runner import Bounds


def test_what_was_seen_before_is_kept_back_until_it_is_found_done(glass: Glass) -> None:
    assert glass.shows(found(good(), when="before")) == ""
    shown = glass.shows(StepEnds(step=lamp_step(Lamps(), "hall"), kind="found done", position=1, total=1))
    assert "✓ lamp hall is on" in shown
    assert "Found done. 1 of 1." in shown


def test_looking_closer_shows_what_was_seen_and_how_to_look_oneself(glass: Glass) -> None:
    shown = glass.shows(found(red(), when="before"), LookCloser(step=lamp_step(Lamps(), "hall")))
    assert "✗ lamp hall is on" in shown
    assert "look with look at hall" in shown


def test_a_next_step_starts_with_nothing_seen(glass: Glass) -> None:
    step = lamp_step(Lamps(), "attic")
    glass.shows(found(red(), when="before"), StepBegins(step=step, position=2, total=2, facts={}))
    assert "lamp hall is on" not in glass.shows(StepEnds(step=step, kind="found done", position=2, total=2))


def test_a_pass_after_a_red_look_says_so(glass: Glass) -> None:
    assert glass.shows(found(good(), before="failed")) == (
        "  ✓ lamp hall is on                              light   before: failed\n"
    )
    assert "before" not in Glass().shows(found(good(), before="passed"))


def test_a_red_check_says_what_was_expected_seen_and_what_to_do(glass: Glass) -> None:
    shown = glass.shows(found(red(likely="no bulb", remedy="buy one")))
    assert shown == (
        "  ✗ lamp hall is on\n"
        "      expected  light\n"
        "      observed  dark, 08:00:00\n"
        "      likely    no bulb\n"
        "      remedy    buy one\n"
    )


def test_a_finding_is_called_one(glass: Glass) -> None:
    assert glass.shows(found(red(), finding=True)).startswith("  finding lamp hall is on")


def test_what_could_not_be_looked_at_has_a_question_mark(glass: Glass) -> None:
    assert glass.shows(found(unknown(expected="e", observed="o"))).startswith("  ? lamp hall is on")


@pytest.mark.parametrize(("when", "shown"), [("again", False), ("after", True)])
def test_a_look_again_that_still_holds_is_not_worth_a_line(glass: Glass, when: str, shown: bool) -> None:
    assert bool(glass.shows(found(good(), when=when))) is shown


def test_known_facts_stand_above_the_instructions_that_name_them(glass: Glass) -> None:
    step = lamp_step(Lamps(), "hall", instructions=f"Unscrew {LAMP_MADE}.")
    facts: Mapping[Fact, str] = {LAMP_MADE: "lamp-0042", Fact("other"): "not named"}
    shown = glass.shows(StepBegins(step=step, position=1, total=1, facts=facts))
    assert "lamp-made lamp-0042" in shown
    assert "not named" not in shown


def test_a_fact_stands_apart_from_a_name_that_is_long(glass: Glass) -> None:
    fact = Fact("lamp-made-last")
    step = lamp_step(Lamps(), "hall", instructions=f"Unscrew {fact}.")
    shown = glass.shows(StepBegins(step=step, position=1, total=1, facts={fact: "lamp-0042"}))
    assert "  lamp-made-last lamp-0042\n" in shown


@pytest.mark.parametrize(
    ("mark", "final", "ends"),
    [
        ("", False, "hall " + "-" * 64),
        ("PRACTICE", False, "- PRACTICE -"),
        ("", True, "- cannot be undone -"),
        ("PRACTICE", True, "- cannot be undone - PRACTICE -"),
    ],
)
def test_the_head_of_a_step_says_where_one_is_and_what_is_final(mark: str, final: bool, ends: str) -> None:
    lamps = Lamps()
    step = lamp_step(lamps, "hall", action=TurnOn(lamps=lamps, name="hall", final=final))
    shown = Glass(mark=mark).shows(StepBegins(step=step, position=1, total=2, facts={}))
    head = shown.splitlines()[1]
    assert head.startswith("-- 1 of 2  hall -")
    assert head.endswith(ends)
    assert len(head) == 80


def test_every_screen_of_a_practice_world_says_so() -> None:
    begins = RunBegins(runbook=lamp_runbook(), run="7f3a", done={}, total=3)
    shown = Glass(mark="PRACTICE").shows(begins)
    assert shown.splitlines()[0] == ("Light the house     registry.example.org     profile example     run 7f3a")
    assert shown.splitlines()[1:] == ["PRACTICE", "3 steps. Stop at any prompt; nothing is lost."]


def test_how_far_a_run_is_stands_at_its_head(glass: Glass) -> None:
    done = {"witnessed": 3, "observed": 2}
    shown = glass.shows(RunBegins(runbook=lamp_runbook(), run="7f3a", done=done, total=10, resumed="Yours."))
    assert "Yours.\n5 of 10 done: 3 witnessed, 2 observed. Stop at any prompt; nothing is lost.\n" in shown


def test_a_run_ends_with_what_was_done_what_is_left_and_how_to_go_on(glass: Glass) -> None:
    step = lamp_step(Lamps(), "hall")
    shown = glass.shows(RunEnds(run="1", why="stopped in hall", step=step, left=("a ladder",)))
    assert "It stays as it is." in shown
    assert "  left      a ladder\nGo on: invoke lamps\n" in shown
    finished = Glass().shows(RunEnds(run="1", why="", counts={"witnessed": 2}))
    assert finished == "\nDone. 2 witnessed.\n"


def test_a_whole_walk_can_be_shown(tmp_path: Path, glass: Glass) -> None:
    house = House(tmp_path)

    class Walker:
        def show(self, what: Any) -> None:
            glass.screen.show(what)

        def decide(self, offer: Offer) -> Decision:
            return offer.choices[0]

        def ask(self, question: object) -> str:
            raise AssertionError(question)

    house.runner(lamp_runbook(lamp_step(house.lamps, "hall")), Walker()).walk(Bounds())
    assert "✓ lamp hall is on" in glass.text
    assert "Done. 1 witnessed." in glass.text
    assert max(map(len, glass.text.splitlines())) <= 80
