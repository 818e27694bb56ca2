"""The Operator at a terminal: what a person decides and answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zotops.clipboard import Clipboard
from zotops.errors import NeedsAPerson, Unreachable
from zotops.model import Evidence, Question, Verdict
from zotops.operator import Decision, Found, Offer, Shown
from zotops.screen import Screen
from zotops.world import Secret

if TYPE_CHECKING:
    import questionary

GO_ON = "call again to go on; nothing is lost"
GONE, STAYS = "  The clipboard does not hold it any more.", "  It is still on the clipboard: copy something else."
HIDDEN = " (hidden; c takes it from the clipboard)"
WORDS = {
    Decision.DO: "do it",
    Decision.GO_ON: "go on alone",
    Decision.BY_HAND: "by hand",
    Decision.CHECK: "check it now",
    Decision.AGAIN: "again",
    Decision.ACCEPT: "found done, accept",
    Decision.LOOK: "look closer",
    Decision.SKIP: "skip",
    Decision.STOP: "stop",
}


@dataclass(kw_only=True)
class Terminal(Screen):
    """A person at a terminal. Enter alone never acts."""

    clipboard: Clipboard | None = None
    taken: Secret | None = None

    def show(self, what: Shown) -> None:
        """As on any screen. Checks come after a key was stored: then the clipboard need not have it any more."""
        if self.taken is not None and isinstance(what, Found):
            self._empty_clipboard()
        super().show(what)

    def decide(self, offer: Offer) -> Decision:
        """Ask until one of the keys is typed."""
        import questionary

        self._tell_offer(offer)
        keys = {choice.value: choice for choice in offer.choices}
        self.say("")
        self.apart((f"{choice.value} {WORDS[choice]}" for choice in offer.choices), "   ", head="  ")
        while True:
            typed = _answered(questionary.text("", qmark=">")).strip().lower()
            if typed in keys:
                return keys[typed]
            if typed:
                self.say(f"  {typed!r} is none of them: {', '.join(keys)}")

    def ask(self, question: Question) -> str:
        """Ask until the answer has its form; a secret is typed unseen."""
        import questionary

        while True:
            prompt = f"{self.redact(question.prompt)}{HIDDEN if question.keep_as else ''}:"
            field_ = questionary.password if question.keep_as else questionary.text
            typed = _answered(field_(prompt, qmark=" ")).strip()
            copied = self._from_clipboard() if question.keep_as and typed == "c" else None
            typed = copied.reveal() if copied else typed
            if question.id == "confirm" and typed == "q":
                raise NeedsAPerson("stopped before what cannot be undone", remedy=GO_ON)
            if re.fullmatch(question.form, typed):
                self.taken = copied
                if question.keep_as:
                    self.say(f"  Received: {len(typed)} characters, form correct.")
                return typed
            if typed:
                what = f"{len(typed)} characters" if question.keep_as else repr(typed)
                self.say(f"  Not of the expected form ({what}); nothing was stored. Try again, or Ctrl-C.")

    def _from_clipboard(self) -> Secret | None:
        """What is copied, read once; None when it cannot be read."""
        if self.clipboard is None:
            return None
        try:
            return self.clipboard.read()
        except Unreachable as stop:
            self.say(f"  {stop}.")
            return None

    def _empty_clipboard(self) -> None:
        taken, self.taken = self.taken, None
        if self.clipboard is None or taken is None:
            return
        try:
            gone = self.clipboard.empty(taken)
        except Unreachable:
            gone = False
        self.say(GONE if gone else STAYS)

    def _tell_offer(self, offer: Offer) -> None:
        verdicts: Sequence[Evidence] = list(offer.verdicts.values())
        passed = sum(evidence.verdict is Verdict.PASSED for evidence in verdicts)
        if not offer.counts and Decision.ACCEPT in offer.choices:
            self.say("  Found done: every check passes already.")
        elif not offer.counts and verdicts:
            self.say(f"  Now {passed} of {len(verdicts)} checks pass.")


def _answered(asked: questionary.Question) -> str:
    """The typed line. Ctrl-C stays KeyboardInterrupt; an end of input is nobody there."""
    try:
        return str(asked.unsafe_ask())
    except EOFError as error:
        raise NeedsAPerson("the terminal is closed", remedy=GO_ON) from error
