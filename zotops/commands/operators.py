"""Chooses the Operator: a person at a terminal, or nobody."""

from __future__ import annotations

import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from zotops.operator import Operator
from zotops.profile import Profile
from zotops.terminal import Screen, Terminal
from zotops.unattended import Unattended


def operator_for(profile: Profile, *, auto: bool, again: str, redact: Callable[[str], str]) -> Operator:
    """A Terminal only when both stdin and stdout are one, and `--auto` was not given."""
    kind = Terminal if sys.stdin.isatty() and sys.stdout.isatty() and not auto else Screen
    screen = kind(
        registry=urlsplit(profile.registry.url).netloc,
        profile=profile.name,
        practice=profile.practice,
        redact=redact,
        again=again,
    )
    if isinstance(screen, Terminal):
        return screen
    return Unattended(screen=screen, steps=profile.auto.steps, auto=auto)
