"""Opens what a command works with: the state folder, the vault, and the real world behind a profile."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from zotops.doors import RealClock, RealHttp, RealPrograms
from zotops.model import World
from zotops.profile import Profile
from zotops.redaction import Redactor
from zotops.secret_stores.onepassword import OnePassword
from zotops.sparing import locked
from zotops.state_folder import fingerprint_key

UNATTENDED_PATIENCE = 10.0


@contextmanager
def open_world(profile: Profile, folder: Path, redactor: Redactor, *, inherit: Sequence[int] = ()) -> Iterator[World]:
    """The world that a profile describes. `inherit`: descriptors that every child keeps open, the run's lock."""
    http = RealHttp(redactor)
    programs = RealPrograms(
        redactor,
        search_path=profile.programs.search_path,
        environment=profile.programs.environment,
        directory=profile.programs.directory,
        inherit=inherit,
    )
    store = OnePassword(
        programs=programs,
        vault=profile.secrets.vault,
        redactor=redactor,
        key=fingerprint_key(folder),
        patience=profile.secrets.patience,
    )
    try:
        yield World(http=http, programs=programs, secrets=store, clock=RealClock(), register=redactor.register)
    finally:
        programs.close()
        http.close()


@contextmanager
def open_sparing_world(
    profile: Profile, folder: Path, redactor: Redactor, *, with_pending: bool = False
) -> Iterator[World]:
    """For a command that only looks. With nobody there: short waits, and only the logins that the profile lists."""
    attended = sys.stdin.isatty() or sys.stderr.isatty()
    patience = profile.secrets.patience
    secrets = msgspec.structs.replace(
        profile.secrets, patience=patience if attended else min(UNATTENDED_PATIENCE, patience)
    )
    place = msgspec.structs.replace(profile, secrets=secrets)
    with open_world(place, folder, redactor) as opened:
        yield locked(opened, place, attended=attended, with_pending=with_pending)
