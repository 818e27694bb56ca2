"""The screen: text from outside is harmless, secrets are gone before anything is laid out, and 80 columns hold it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.lamps import LAMP_MADE, House, IsOn, Lamps, TurnOn, lamp_runbook, lamp_step
from zotops.model import Evidence, Fact, Look, Otherwise, Verdict, judged, unknown
from zotops.operator import ByHand, Decision, Found, LookCloser, Offer, RunBegins, RunEnds, StepBegins, StepEnds, Told
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.runner import Bounds
from zotops.screen import Place, Screen
from zotops.world import Secret

PLAIN = "sure of itself"
BELL, ESCAPE = "\x07", "\x1b"


class Glass:
    """A screen whose output can be read, in the encoding and with the environment of a terminal."""

    def __init__(self, *, encoding: str = "utf-8", mark: str = "", **environment: str) -> None:
        self.raw = io.BytesIO()
        self.redactor = Redactor()
        terminal = bool(environment)
        file = io.TextIOWrapper(self.raw, encoding=encoding, write_through=True)
        console = Console(
            file=file,
            highlight=False,
            soft_wrap=True,
            force_terminal=terminal,
            _environ={"TERM": "xterm-256color", **environment},
        )
        place = Place(registry="registry.example.org", profile="example", mark=mark)
        self.screen = Screen(place=place, redact=self.redactor.redact, again="invoke lamps", console=console)

    def shows(self, *what: Any) -> str:
        for one in what:
            self.screen.show(one)
        return self.text

    @property
    def text(self) -> str:
        return self.raw.getvalue().decode(self.screen.console.encoding)


@pytest.fixture
def glass() -> Glass:
    return Glass()


def found(evidence: Evidence, *, when: str = "after", name: str = "hall", before: str = "", **check: Any) -> Found:
    return Found(check=IsOn(lamps=Lamps(), name=name, **check), evidence=evidence, when=when, before=before)


def red(observed: str = "dark", likely: str = "", remedy: str = "") -> Evidence:
    evidence = judged(False, expected="light", observed=observed, likely=likely, remedy=remedy)
    return replace(evidence, at=datetime(2027, 1, 15, 8, tzinfo=UTC))


def good(observed: str = "light") -> Evidence:
    return judged(True, expected="light", observed=observed)


# -- what comes from outside -------------------------------------------------------------------------------------------

HOSTILE = [
    "[/x]",
    "[bold red]loud[/]",
    "[link=http://evil]here[/link]",
    ":smiley: \\[",
    f"{ESCAPE}[31mred{ESCAPE}[0m",
    f"{ESCAPE}]8;;http://evil{BELL}here{ESCAPE}]8;;{BELL}",
    f"{ESCAPE}]0;another title{BELL}",
    f"{ESCAPE}[2J{ESCAPE}[H",
    "over\rwritten",
    "back\b\b\b\bhidden",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "\x9b31mred",
    "half \ud800 character",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_text_from_outside_is_shown_as_text(text: str) -> None:
    glass = Glass(TERM="xterm-256color")
    shown = glass.shows(
        Told(what="it says", result=text),
        found(good(text)),
        found(red(text, likely=text, remedy=text)),
        RunEnds(run="1", why=f"it said {text}", left=(text,)),
    )
    own = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", own)
    for kept in re.findall(r"[\w\[\]/:]{3,}", re.sub(r"[\x00-\x1f\x9b].*", "", text)):
        assert own.count(kept) >= 5


def test_an_answer_cannot_draw_a_line_of_its_own(glass: Glass) -> None:
    forged = "no\n  ✓ everything is well\n\nDone."
    shown = glass.shows(found(good(forged)), found(red(forged)), Told(what="it says", result=forged))
    assert not re.search(r"^ *(✓ everything is well|Done)", shown, re.MULTILINE)
    assert shown.count("✓ everything is well") == 3


def test_colours_are_the_screens_own_and_end_with_the_line() -> None:
    shown = Glass(TERM="xterm-256color").shows(found(red()))
    assert "\x1b[31m" in shown
    assert shown.splitlines()[0].endswith("\x1b[0m")


# -- secrets -----------------------------------------------------------------------------------------------------------

LONG = "correct horse battery staple " * 5 + "and-then-some-more-that-is-not-for-everybody"


def test_a_secret_is_gone_before_the_text_is_wrapped(glass: Glass) -> None:
    glass.redactor.register(Secret(LONG))
    glass.redactor.register(Secret("k" * 200))
    sentence = f"it answered {LONG} and {'k' * 200}, which nobody expected to be told by it in such a long sentence"
    shown = glass.shows(
        found(red(sentence, likely=sentence, remedy=sentence)),
        found(good(sentence)),
        Told(what="told", result=sentence),
        Told(what=sentence, result="told"),
        RunEnds(run="1", why=sentence, left=(sentence,)),
        ByHand(step=lamp_step(Lamps(), "hall", instructions=f"Type\n{sentence}")),
        RunBegins(runbook=replace(lamp_runbook(), title=sentence), run="1", done={}, total=1, resumed=sentence),
    )
    assert "horse" not in shown
    assert "kkk" not in shown
    assert shown.count(PLACEHOLDER) >= 2 * 9


def test_a_secret_of_several_lines_is_gone_from_instructions(glass: Glass) -> None:
    secret = "first line of it\nsecond line of it"
    glass.redactor.register(Secret(secret))
    shown = glass.shows(ByHand(step=lamp_step(Lamps(), "hall", instructions=f"Keep\n{secret}\nsafe")))
    assert "line of it" not in shown


def test_a_registrys_key_is_gone_although_nobody_registered_it(glass: Glass) -> None:
    assert "zak_" not in glass.shows(Told(what="made", result="zak_" + "0f" * 16))


# -- 80 columns --------------------------------------------------------------------------------------------------------


def everything(lamps: Lamps, words: str) -> list[Any]:
    """One of everything that can be shown, each with long texts."""
    look = Look(command=words, want=words, otherwise=(Otherwise(answer=words, means=words),))

    class Looks(IsOn):
        def __str__(self) -> str:
            return words

        @property
        def look(self) -> Look:
            return look

    check = Looks(lamps=lamps, name="hall")
    step = lamp_step(lamps, "hall", why=words, safe_to_stop=words, back=words, checks=(check,), title="T")
    evidence = Evidence(
        verdict=Verdict.FAILED, expected=words, observed=words, twin=words, likely=words, remedy=words, at=None
    )
    final = replace(step, action=TurnOn(lamps=lamps, name="hall", final=True))
    return [
        RunBegins(runbook=lamp_runbook(step), run="7f3a", done={"witnessed": 1}, total=9),
        StepBegins(step=step, position=1, total=2, facts={}),
        StepBegins(step=final, position=1, total=2, facts={}),
        Found(check=check, evidence=evidence, when="before"),
        Found(check=check, evidence=evidence, when="after"),
        Found(check=check, evidence=replace(evidence, verdict=Verdict.UNKNOWN), when="after"),
        Found(check=check, evidence=replace(evidence, verdict=Verdict.PASSED), when="after", before="failed"),
        Told(what="what", result=words),
        Told(what=words, result=words),
        LookCloser(step=step),
        ByHand(step=replace(step, instructions=f"1. {words}\n   {words}\n\n{words}")),
        StepEnds(step=step, kind="witnessed", position=1, total=2),
        RunEnds(run="7f3a", why="", counts={"witnessed": 1}, left=(words,)),
        RunEnds(run="7f3a", why="stopped", step=step),
        RunEnds(run="7f3a", why=words),
    ]


def test_nothing_is_wider_than_eighty_columns() -> None:
    glass = Glass(mark="PRACTICE")
    shown = glass.shows(*everything(Lamps(), "some words that go on and on " * 6))
    assert max(map(len, shown.splitlines())) <= 80


def test_a_word_that_is_too_long_stays_whole_to_be_copied(glass: Glass) -> None:
    url = "https://registry.example.org/v2/" + "platform/" * 9 + "manifests/v1"
    shown = glass.shows(found(red(f"the answer of {url} was 404", remedy=f"curl --silent-and-long-option {url}")))
    assert shown.count(url) == 2


def test_a_command_in_instructions_stays_in_one_piece_to_be_copied(glass: Glass) -> None:
    command = "argocd app wait authentik --sync --health --operation --grpc-web --timeout 60"
    broken = command.replace(" --health", "\n   --health")
    text = f"1. First of all you do this: `{broken}`\n   and then\n2. that.\n\n   Or\n   not."
    shown = glass.shows(ByHand(step=lamp_step(Lamps(), "hall", instructions=text)))
    assert shown == f"  1. First of all you do this:\n     `{command}`\n     and then\n  2. that.\n\n     Or not.\n\n"


def test_an_option_is_not_broken_at_its_hyphens(glass: Glass) -> None:
    remedy = "type this at your terminal to go on from here in this run: invoke deploy --accept-changes"
    assert "--accept-changes" in glass.shows(found(red(remedy=remedy)))


# -- terminals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("evidence", "symbol", "word"), [(good(), "✓", "ok"), (red(), "✗", "RED")])
def test_a_terminal_that_can_shows_symbols_and_a_plain_one_words(evidence: Evidence, symbol: str, word: str) -> None:
    assert Glass().shows(found(evidence)).startswith(f"  {symbol} lamp hall is on")
    assert Glass(TERM="dumb").shows(found(evidence)).startswith(f"  {word} lamp hall is on")
    assert Glass(encoding="ascii").shows(found(evidence)).startswith(f"  {word} lamp hall is on")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_what_a_terminal_cannot_show_is_no_error(encoding: str) -> None:
    glass = Glass(encoding=encoding)
    shown = glass.shows(Told(what="it says", result="Ω – ok"), *everything(Lamps(), "… – ✓ Ω " * 30))
    assert "ok" in shown


def test_without_colour_there_is_none() -> None:
    shown = Glass(TERM="xterm-256color", NO_COLOR="1").shows(found(red()), found(good()))
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", shown)


def test_a_file_gets_neither_colour_nor_escape(glass: Glass) -> None:
    assert ESCAPE not in glass.shows(*everything(Lamps(), PLAIN))


# -- what is shown of what ---------------------------------------------------------------------------------------------


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
