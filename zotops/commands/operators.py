"""Chooses the Operator: a person at a terminal, or nobody."""

from __future__ import annotations

import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from zotops.clipboard import Clipboard
from zotops.doors import RealPrograms
from zotops.operator import Operator
from zotops.profile import Profile
from zotops.redaction import Redactor
from zotops.screen import Place, Screen
from zotops.terminal import Terminal
from zotops.unattended import Unattended


def operator_for(profile: Profile, *, auto: bool, again: str, redactor: Redactor) -> Operator:
    """A Terminal only when both stdin and stdout are one, and `--auto` was not given."""
    if sys.stdin.isatty() and sys.stdout.isatty() and not auto:
        # The clipboard is the operator's own, whatever programs the profile has.
        clipboard = Clipboard(RealPrograms(redactor))
        return Terminal(place=_place(profile), redact=redactor.redact, again=again, clipboard=clipboard)
    screen = screen_for(profile, again=again, redact=redactor.redact)
    return Unattended(screen=screen, steps=profile.auto.steps, auto=auto)


def screen_for(profile: Profile, *, again: str, redact: Callable[[str], str]) -> Screen:
    """What only shows."""
    return Screen(place=_place(profile), redact=redact, again=again)


def _place(profile: Profile) -> Place:
    mark = "PRACTICE" if profile.practice else ""
    return Place(registry=urlsplit(profile.registry.url).netloc, profile=profile.name, mark=mark)
