"""The settings in force, and following the file they came from as zot does."""

import threading
import time
from dataclasses import replace
from pathlib import Path

from zotops.lab.registry.checking import BadConfiguration
from zotops.lab.registry.loading import load
from zotops.lab.registry.logbook import Logbook
from zotops.lab.registry.settings import Settings

LOOKS_EVERY = 0.02
"""Seconds between two looks at the file; zot is told by the kernel, in 50 ms or less."""


class Live:
    """Settings that may change while the registry runs; a call gives those in force now."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self) -> Settings:
        """The settings now."""
        return self._settings

    def follow(self, newer: Settings) -> None:
        """Take over what zot takes over without a restart: the rules, and how claims are mapped."""
        self._settings = replace(self._settings, access=newer.access, providers=newer.providers)


def follow_file(path: Path, live: Live, book: Logbook) -> None:
    """Watch the file in a thread. A write in place counts; once another file has its name, nothing does any more."""
    seen = _state(path)
    threading.Thread(target=_follow, args=(path, live, book, seen), daemon=True).start()


def _follow(path: Path, live: Live, book: Logbook, seen: tuple[int, int, int]) -> None:
    while True:
        time.sleep(LOOKS_EVERY)
        state = _state(path)
        if state[0] != seen[0]:
            return
        if state == seen:
            continue
        seen = state
        book.info("config file changed, trying to reload config")
        try:
            live.follow(load(path, book)[0])
        except (BadConfiguration, OSError) as error:
            book.error("failed to reload config, retry writing it.", error=str(error))
        else:
            book.info("loaded new configuration settings")


def _state(path: Path) -> tuple[int, int, int]:
    try:
        state = path.stat()
    except OSError:
        return 0, 0, 0
    return state.st_ino, state.st_mtime_ns, state.st_size
