"""Chooses the Operator: a person at a terminal, or nobody."""

from __future__ import annotations

import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from zotops.operator import Operator
from zotops.profile import Profile
from zotops.terminal import Place, Screen, Terminal
from zotops.unattended import Unattended


def operator_for(profile: Profile, *, auto: bool, again: str, redact: Callable[[str], str]) -> Operator:
    """A Terminal only when both stdin and stdout are one, and `--auto` was not given."""
    if sys.stdin.isatty() and sys.stdout.isatty() and not auto:
        return Terminal(place=_place(profile), redact=redact, again=again)
    screen = screen_for(profile, again=again, redact=redact)
    return Unattended(screen=screen, steps=profile.auto.steps, auto=auto)


def screen_for(profile: Profile, *, again: str, redact: Callable[[str], str]) -> Screen:
    """What only shows."""
    return Screen(place=_place(profile), redact=redact, again=again)


def _place(profile: Profile) -> Place:
    mark = "PRACTICE" if profile.practice else ""
    return Place(registry=urlsplit(profile.registry.url).netloc, profile=profile.name, mark=mark)
