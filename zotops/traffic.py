"""How much was asked of the outside: requests, and programs by their names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock


@dataclass(frozen=True)
class Traffic:
    """Counts of one call; whole numbers, no values. May be told from any thread."""

    _programs: Counter[str] = field(default_factory=Counter)
    _requests: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def ran(self, program: str) -> None:
        """One more child process."""
        with self._lock:
            self._programs[program] += 1

    def sent(self, method: str) -> None:
        """One more HTTP request."""
        with self._lock:
            self._requests[method] += 1

    def __str__(self) -> str:
        """As in `41 requests; 52 programs: op 40, git 9, mise 3`."""
        said = f"{self._requests.total()} requests; {self._programs.total()} programs"
        named = ", ".join(f"{name} {number}" for name, number in self._programs.most_common())
        return f"{said}: {named}" if named else said
