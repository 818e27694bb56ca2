"""Opens what a command works with: the state folder, the vault, and the real world behind a profile."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from zotops.doors import RealClock, RealHttp, RealPrograms
from zotops.errors import Stop
from zotops.profile import Profile
from zotops.redaction import Redactor
from zotops.secret_stores.environment import Environment, Taken, take
from zotops.secret_stores.key_chain import KeyChain
from zotops.secret_stores.onepassword import OnePassword
from zotops.sparing import locked
from zotops.state_folder import fingerprint_key
from zotops.systems.key_places import concealed_fields
from zotops.traffic import Traffic
from zotops.world import Programs, SecretStore, World

UNATTENDED_PATIENCE = 10.0


def take_handed(profiles: Sequence[Profile]) -> Taken:
    """What is handed to this process for any of them: once, before the first of their worlds is opened."""
    stores = [place.secrets for place in profiles if place.secrets.store == "environment"]
    return take([handed for secrets in stores for handed in secrets.environment])


@contextmanager
def open_world(
    profile: Profile,
    folder: Path,
    redactor: Redactor,
    *,
    inherit: Sequence[int] = (),
    traffic: Traffic | None = None,
    taken: Taken | None = None,
) -> Iterator[World]:
    """The world that a profile describes. `inherit`: descriptors that every child keeps open, the run's lock.

    `traffic`: is told of each request and each program. `taken`: where it is not the only world of this process.
    """
    # First of all: it takes variables out of the environment that programs would inherit.
    handed = _handed(profile, folder, redactor, taken or take_handed([profile]))
    http = RealHttp(redactor, traffic=traffic)
    programs = RealPrograms(
        redactor,
        search_path=profile.programs.search_path,
        environment=profile.programs.environment,
        directory=profile.programs.directory,
        inherit=inherit,
        traffic=traffic,
    )
    store = handed or _own_store(profile, folder, redactor, programs)
    try:
        yield World(http=http, programs=programs, secrets=store, clock=RealClock(), register=redactor.register)
    except Stop as stop:
        # Some quote what a program or a server has said; beyond this nobody knows what is secret in it.
        stop.what, stop.remedy = redactor.redact(stop.what), redactor.redact(stop.remedy)
        raise
    finally:
        programs.close()
        http.close()


def _handed(profile: Profile, folder: Path, redactor: Redactor, taken: Taken) -> SecretStore | None:
    """What is handed over from outside, where the profile says so."""
    secrets = profile.secrets
    if secrets.store != "environment":
        return None
    return Environment(handed=secrets.environment, taken=taken, redactor=redactor, key=fingerprint_key(folder))


def _own_store(profile: Profile, folder: Path, redactor: Redactor, programs: Programs) -> SecretStore:
    """The operator's own store."""
    secrets, key = profile.secrets, fingerprint_key(folder)
    if secrets.store == "keyring":
        return KeyChain(
            name=secrets.vault,
            fields=concealed_fields(profile),
            redactor=redactor,
            key=key,
            patience=secrets.patience,
        )
    return OnePassword(programs=programs, vault=secrets.vault, redactor=redactor, key=key, patience=secrets.patience)


@contextmanager
def open_sparing_world(
    profile: Profile,
    folder: Path,
    redactor: Redactor,
    *,
    with_pending: bool = False,
    taken: Taken | None = None,
) -> Iterator[World]:
    """For a command that only looks. With nobody there: short waits, and only the logins that the profile lists."""
    attended = sys.stdin.isatty() or sys.stderr.isatty()
    patience = profile.secrets.patience
    secrets = msgspec.structs.replace(
        profile.secrets, patience=patience if attended else min(UNATTENDED_PATIENCE, patience)
    )
    place = msgspec.structs.replace(profile, secrets=secrets)
    with open_world(place, folder, redactor, taken=taken) as opened:
        # What is handed over was meant to be read, whoever is there.
        may_read_all = attended or secrets.store == "environment"
        yield locked(opened, place, attended=may_read_all, with_pending=with_pending)


def seen_from_here(profile: Profile) -> tuple[Profile, tuple[str, ...]]:
    """The profile without what only the server can ask, for a machine that it lets not in by ssh; and what that is."""
    registry = profile.registry
    doors = [each for each in registry.addresses if each.reached_from == "server"]
    consumers = [each for each in profile.consumers if each.reached_from == "server"]
    left_out = (*(each.url for each in doors), *(f"consumer {each.name}" for each in consumers))
    near = msgspec.structs.replace(
        profile,
        registry=msgspec.structs.replace(
            registry, addresses=tuple(each for each in registry.addresses if each not in doors)
        ),
        consumers=tuple(each for each in profile.consumers if each not in consumers),
    )
    return near, tuple(f"{each}: only the server can ask, and --from-here leaves it out" for each in left_out)
