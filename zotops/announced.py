"""A vault of which is said beforehand that it may ask for a finger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from zotops.world import Clock, Secret, SecretRef, SecretStore

# After ten minutes without a call 1Password asks again (its documentation of the desktop app).
ASKS_AGAIN = 600.0


@dataclass(kw_only=True)
class Announced:
    """A store that calls `announce` before a call that may have to wait for a person, and before no other.

    That is the first call, the next one after a refusal, and any after ten minutes of rest.
    """

    store: SecretStore
    clock: Clock
    announce: Callable[[], None]
    _last: float = float("-inf")

    def __post_init__(self) -> None:
        self._lock = Lock()

    def read(self, ref: SecretRef) -> Secret:
        """As the wrapped store does."""
        with self._called():
            return self.store.read(ref)

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """As the wrapped store does."""
        with self._called():
            self.store.write(item, fields)

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """As the wrapped store does."""
        with self._called():
            return self.store.fingerprints(item)

    def fingerprint(self, secret: Secret) -> str:
        """As the wrapped store makes it, without a call."""
        return self.store.fingerprint(secret)

    @contextmanager
    def _called(self) -> Iterator[None]:
        with self._lock:
            if self.clock.ticks() - self._last > ASKS_AGAIN:
                self.announce()
                self._last = self.clock.ticks()
        try:
            yield
        except BaseException:
            self._last = float("-inf")
            raise
        self._last = self.clock.ticks()
