"""`invoke key-status`: how long CI's key lives, who else has one, and when the next rotation is due."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from zotops.commands.opening import open_sparing_world
from zotops.commands.operators import screen_for
from zotops.commands.outcomes import outcome, tell_stop
from zotops.errors import Stop, UsageIsWrong
from zotops.profile import Profile
from zotops.profile_file import find_profile, read_profile, with_store
from zotops.redaction import Redactor
from zotops.screen import Screen
from zotops.state_folder import state_folder
from zotops.watched_key.history import LastLook, read_history, write_last_look
from zotops.watched_key.issues import PASSED, Told, tell_the_forge
from zotops.watched_key.lines import issue_rows, one_line, rows
from zotops.watched_key.status import MONITORING_CODES, KeyStatus, Level, exit_code
from zotops.watched_key.watching import status_offline, status_online


def key_status(
    *,
    profile: str | None,
    json: bool,
    prometheus: str | None,
    nagios: bool,
    offline: bool,
    issue: bool,
    store: str | None,
) -> int:
    """0: all is well. 1: something is wrong. 5: something could not be told. With `nagios` 0, 1, 2, 3."""

    def command() -> int:
        if json and nagios:
            raise UsageIsWrong("--json with --nagios", remedy="a monitoring program reads one line; take one of them")
        if offline and issue:
            raise UsageIsWrong("--offline with --issue", remedy="offline nobody is asked, and nothing is opened")
        place, redactor = with_store(read_profile(find_profile(profile)), store), Redactor()
        screen = screen_for(place, again="invoke key-status", redact=redactor.redact)
        found = _offline(place) if offline else _online(place, redactor, issue=issue)
        code = MONITORING_CODES[found.status.level] if nagios else exit_code(found.status)
        _show(found, screen, json=json, nagios=nagios, code=code)
        try:
            _keep(found, prometheus)
        except Stop as stop:
            if not nagios or found.status.level not in PASSED:
                raise
            # What is wrong with the key has been said, and is worse than this.
            tell_stop(stop)
        return code

    return outcome((lambda: _monitored(command)) if nagios else command)


def _monitored(command: Callable[[], int]) -> int:
    """What a monitoring program has to be told as well: a look that did not come to its end tells nothing."""
    try:
        return command()
    except Stop as stop:
        why = " ".join(str(stop).split()).replace("|", "/")
    except KeyboardInterrupt:
        why = "interrupted"
    except Exception as error:
        # Left alone it would exit with 1, which a monitoring program takes for a warning.
        logging.getLogger(__name__).exception("zotops broke")
        why = f"zotops broke: {type(error).__name__}"
    sys.stdout.write(f"UNKNOWN: {why}\n")
    return MONITORING_CODES[Level.UNKNOWN]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A look, what the forge was told of it, and what it leaves for later ones; None offline."""

    status: KeyStatus
    told: tuple[Told, ...] = ()
    left: LastLook | None = None


def _online(place: Profile, redactor: Redactor, *, issue: bool) -> _Found:
    folder = state_folder()
    known = read_history(folder, place)
    with open_sparing_world(place, folder, redactor, with_pending=True) as world:
        status, left = status_online(world, place, known)
        told = tell_the_forge(world, status, redactor.redact) if issue else ()
    return _Found(status=status, told=told, left=left)


def _offline(place: Profile) -> _Found:
    return _Found(status=status_offline(place, read_history(state_folder(), place), datetime.now(UTC)))


def _keep(found: _Found, prometheus: str | None) -> None:
    """Write it down, after it was shown: the one file also where the other cannot be written."""
    try:
        if found.left:
            write_last_look(state_folder(), found.status.profile, found.left)
    finally:
        if prometheus:
            from zotops.watched_key.outputs import write_prometheus

            write_prometheus(found.status, Path(prometheus), at=datetime.now(UTC))


def _show(found: _Found, screen: Screen, *, json: bool, nagios: bool, code: int) -> None:
    status = found.status
    if json:
        from zotops.watched_key.outputs import document

        sys.stdout.write(screen.redact(document(status, found.told, at=datetime.now(UTC), code=code)))
    elif nagios:
        sys.stdout.write(f"{screen.redact(one_line(status))}\n")
    else:
        registry = urlsplit(status.profile.registry.url).netloc
        for row in (*rows(status, registry=registry, symbols=screen.has_symbols()), *issue_rows(found.told)):
            screen.hang(row.head, row.text, row.style)
