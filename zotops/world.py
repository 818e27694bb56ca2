"""The world that a runbook works on: secrets, and the Protocols of everything outside."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn, Protocol

from zotops.errors import Unreachable


class Secret:
    """A string that neither repr, str, format nor pickle shows. Only `reveal` gives it out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> NoReturn:
        msg = "a Secret is never hashed: a hash could be looked up in a table"
        raise TypeError(msg)

    def __reduce__(self) -> NoReturn:
        msg = "a Secret is never pickled"
        raise TypeError(msg)


@dataclass(frozen=True)
class SecretRef:
    """Where a secret is kept: an item of the store (by its id) and a field of it."""

    item: str
    field: str

    def __str__(self) -> str:
        return f"{self.item}/{self.field}"


class Headers(Mapping[str, str]):
    """Response headers: names in any case; `all` gives repeated ones in their order."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._pairs = tuple((name.lower(), value) for name, value in pairs)

    def __getitem__(self, name: str) -> str:
        return dict(reversed(self._pairs))[name.lower()]

    def __iter__(self) -> Any:  # Mapping's own signature is an iterator of keys
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that header."""
        return tuple(value for known, value in self._pairs if known == name.lower())


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer, its body limited in size by the door. `certificate`: the server's own, as DER; none over http."""

    method: str
    url: str
    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    certificate: bytes = b""

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 become replacement characters."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:  # JSON is whatever the server sent; callers judge it
        """The body as JSON. Unreachable when it is none: such an answer cannot be judged."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            what = f"{self.method} {self.url} answered {self.status} with something that is not JSON"
            raise Unreachable(what, remedy="look at that address in a browser; is it the right server?") from error


class Http(Protocol):
    """The one way to speak HTTP. Redirects are never followed; credentials go only where the caller sends them."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
    ) -> Reply:
        """Send one request; `timeout` in seconds. Unreachable when there is no answer."""
        ...


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A child process that ended: exit code (negative: signal), and what it printed, not redacted; in memory only."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str


class Programs(Protocol):
    """The one way to run programs; their PATH, environment and working directory come from the profile."""

    def find(self, name: str) -> str | None:
        """Full path of a program, or None."""
        ...

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        timeout: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run to the end; `stdin` goes through a pipe, without it stdin is closed (/dev/null).

        `on_line` gets each line of output as it comes, redacted. Unreachable when the program is absent or does not
        end within `timeout` seconds (then it has been ended). A child is never left behind.
        """
        ...


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def now(self) -> datetime:
        """The present, aware, UTC."""
        ...

    def ticks(self) -> float:
        """Monotonic seconds, for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SecretStore(Protocol):
    """Where secrets are kept. Everything read is registered with the redactor before it is returned."""

    def read(self, ref: SecretRef) -> Secret:
        """The value; empty when the field has none. Unreachable, with the cause, when it cannot be read."""
        ...

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Set these fields in one edit and read them back; None empties a field.

        ActionFailed: certainly nothing was written. Uncertain: it may have been, or the read-back differs, or another
        field changed meanwhile.
        """
        ...

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """Keyed fingerprint of every concealed field of an item, "" for an empty one; comparable on this machine."""
        ...

    def fingerprint(self, secret: Secret) -> str:
        """Keyed fingerprint of a value in hand, comparable with `fingerprints`."""
        ...


def say_nothing(_what: str, _result: str) -> None:
    """The `tell` of a world in which nobody listens."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything outside.

    `tell` lets a long action say what it is doing: what, and its result. `register` makes a secret that was minted or
    received known to the redactor; it is called before the secret is used.
    """

    http: Http
    programs: Programs
    secrets: SecretStore
    clock: Clock
    register: Callable[[Secret], None]
    tell: Callable[[str, str], None] = say_nothing
