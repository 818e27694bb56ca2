"""A screen that can be read back, and something to show on it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from tests.lamps import IsOn, Lamps, TurnOn, lamp_runbook, lamp_step
from zotops.model import Evidence, Look, Otherwise, Verdict, judged
from zotops.operator import ByHand, Found, LookCloser, RunBegins, RunEnds, StepBegins, StepEnds, Told
from zotops.redaction import Redactor
from zotops.screen import Place, Screen


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


def found(evidence: Evidence, *, when: str = "after", name: str = "hall", before: str = "", **check: Any) -> Found:
    return Found(check=IsOn(lamps=Lamps(), name=name, **check), evidence=evidence, when=when, before=before)


def red(observed: str = "dark", likely: str = "", remedy: str = "") -> Evidence:
    evidence = judged(False, expected="light", observed=observed, likely=likely, remedy=remedy)
    return replace(evidence, at=datetime(2027, 1, 15, 8, tzinfo=UTC))


def good(observed: str = "light") -> Evidence:
    return judged(True, expected="light", observed=observed)


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
