"""Text from outside is harmless on the screen, and secrets are gone before anything is laid out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.lamps import Lamps, lamp_runbook, lamp_step
from tests.screen.glass import Glass, found, good, red
from zotops.operator import ByHand, RunBegins, RunEnds, Told
from zotops.redaction import PLACEHOLDER
from zotops.world import Secret

BELL, ESCAPE = "\x07", "\x1b"


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
