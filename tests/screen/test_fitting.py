"""80 columns hold it, whatever the terminal can show."""

from __future__ import annotations

import re

import pytest

from tests.lamps import Lamps, lamp_step
from tests.screen.glass import Glass, everything, found, good, red
from zotops.model import Evidence
from zotops.operator import ByHand, Told

PLAIN = "sure of itself"
ESCAPE = "\x1b"


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
