"""How zot waits for an upstream that does not answer: some retries at first, then ever longer before each try."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from zotops.lab.registry.outside import Unreachable

Found = TypeVar("Found")

FIRST_RETRIES = 3.0
"""Seconds that the retries of the first failing request take together (measured with zot 2.1.20)."""
AFTER_RETRIES = 5
STEP, LONGEST = 0.1, 30.0
"""The wait doubles from STEP with each failure, up to LONGEST seconds: 3.2, 6.4, 12.8, 25.6, 30 after the retries."""


class Backoff:
    """The failures of one upstream since it answered last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures, self._last = 0, 0.0

    def call(self, ask: Callable[[], Found]) -> Found:
        """Ask the upstream, after the wait that earlier failures cost; Unreachable when it still does not answer."""
        time.sleep(self._wait())
        try:
            found = ask()
        except Unreachable:
            if not self._failures:
                time.sleep(FIRST_RETRIES)
            with self._lock:
                self._failures = max(self._failures + 1, AFTER_RETRIES)
                self._last = time.monotonic()
            raise
        with self._lock:
            self._failures = 0
        return found

    def _wait(self) -> float:
        with self._lock:
            if not self._failures:
                return 0.0
            return max(0.0, self._last + min(STEP * 2.0**self._failures, LONGEST) - time.monotonic())
