"""Opens what a command works with: the state folder, the vault, and the real world behind a profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from zotops.doors import RealClock, RealHttp, RealPrograms
from zotops.model import World
from zotops.profile import Profile
from zotops.redaction import Redactor
from zotops.secret_stores.onepassword import OnePassword
from zotops.state_folder import fingerprint_key


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
