"""The nouns of zotops: what a runbook is made of, and the Protocols of the world that it works on."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from inspect import cleandoc
from typing import Any, Literal, NoReturn, Protocol, TypeAlias

from zotops.errors import Unreachable


class Verdict(Enum):
    """What a check found. UNKNOWN: it could not be made; never counts as passed."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class State(Enum):
    """What became of an action whose end was not seen."""

    HAPPENED = "happened"
    DID_NOT = "did-not"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True)
class Fact:
    """The name of a non-secret text that a run finds out; prints as a placeholder, `<old-key-id>`."""

    name: str

    def __str__(self) -> str:
        return f"<{self.name}>"


Facts: TypeAlias = Mapping[Fact, str]


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

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret could be looked up in a table

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


@dataclass(frozen=True)
class Login:
    """A user and where the password or key is kept: names, never values."""

    user: str
    secret: SecretRef

    def __str__(self) -> str:
        return self.user


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something that only a person knows.

    Asked when the step is done by hand; its answer becomes `fact`. With `keep_as` it is a secret instead, typed unseen
    and stored at once. `claim`: yes or no, asked whoever acts, unless the fact that would show it is known; without a
    person it stays unclaimed. `form`: regular expression for the whole answer.
    """

    id: str
    prompt: str
    keep_as: SecretRef | None = None
    form: str = ".+"
    claim: bool = False

    @property
    def fact(self) -> Fact:
        """The fact that the answer becomes (an answer with `keep_as` becomes none)."""
        return Fact(self.id)


@dataclass(frozen=True, kw_only=True)
class Otherwise:
    """Another answer to a look: what it says, what that means, and the name of the fault that shows it, if any."""

    answer: str
    means: str
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a person makes the same check: a command, what it should say, and what else it may say."""

    command: str
    want: str
    otherwise: tuple[Otherwise, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a check saw: statuses and chosen fields, never whole bodies. The runner adds `at` and `took` (seconds)."""

    verdict: Verdict
    expected: str
    observed: str
    twin: str = ""
    likely: str = ""
    remedy: str = ""
    at: datetime | None = None
    took: float = 0.0
    facts: Facts = field(default_factory=dict)


class Check(Protocol):
    """Something that can be looked at. Never writes, never logs in, never holds a secret: it names Logins.

    Implementations are frozen dataclasses that name this class as their base, so that the defaults below hold.
    """

    def run(self, world: World, facts: Facts) -> Evidence:
        """Look and judge. A needed fact that is absent is FAILED, "not yet". May raise Unreachable, read as UNKNOWN."""
        ...

    def __str__(self) -> str:
        """The sentence for the terminal and the page."""
        ...

    @property
    def look(self) -> Look:
        """The row under "done when"."""
        ...

    @property
    def logins(self) -> Sequence[Login]:
        """The logins whose secrets `run` reads; read beforehand, one after another."""
        return ()

    @property
    def advisory(self) -> bool:
        """A weakness of the plan itself: a failure is a finding and changes no exit code unless strict."""
        return False

    @property
    def unknown_until(self) -> str:
        """Id of the later step up to which this check may stay UNKNOWN; empty: it may not."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The number of this try at an action within a run, counted over the whole run from 1."""

    run: str
    number: int

    @property
    def label(self) -> str:
        """What everything made by this try is labelled with: `zotops/<run>/<attempt>`."""
        return f"zotops/{self.run}/{self.number}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an action brought: facts, and in words what it left behind that somebody may want to know of."""

    facts: Facts = field(default_factory=dict)
    left: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of an action whose end was not seen; `how` says how a person finds out when nobody else can."""

    state: State
    outcome: Outcome = Outcome()
    leftover: str = ""
    how: str = ""


Intent: TypeAlias = Mapping[str, str]


class Action(Protocol):
    """Something that can be changed, by a frozen dataclass that can tell later whether it did."""

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """Read only: everything that `settle` needs later to tell. Journalled, so never a secret."""
        ...

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """Act. ActionFailed: certainly nothing happened. Any other exception: uncertain, `settle` decides."""
        ...

    def settle(self, world: World, intent: Intent) -> Settled:
        """Look, without changing anything, whether it happened; after the time in which a late effect may arrive."""
        ...

    def __str__(self) -> str:
        """What zotops would do, one sentence."""
        ...

    @property
    def irreversible(self) -> Fact | None:
        """The fact whose last four characters a person types first; None: it can be undone."""
        return None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a runbook: by hand when `action` is None; `look_only` when it changes nothing.

    `holds`: "always" is checked again on every resume, "then" was true at its moment only. `back`: how to go back.
    """

    id: str
    title: str
    why: str
    instructions: str
    asks: tuple[Question, ...] = ()
    action: Action | None = None
    checks: tuple[Check, ...] = ()
    undo: Action | None = None
    safe_to_stop: str
    back: str = ""
    look_only: bool = False
    holds: Literal["always", "then"] = "always"

    @property
    def by_hand(self) -> str:
        """The instructions without the indentation of the source file."""
        return cleandoc(self.instructions)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A promise of somebody's test plan, and the sentences of the checks that show it kept.

    `fact`: one of this run that has to be known as well; `claim`: the question whose answer stands in where it is not.
    `known_as`: which list the box is on.
    """

    known_as: str
    text: str
    shown_by: tuple[str, ...]
    fact: Fact | None = None
    claim: str = ""


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """A procedure: steps in their order, and in words what one needs before the first.

    `boxes`: what the report ticks off. `not_checked`: what no run can show, said in every report.
    """

    title: str
    purpose: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    not_checked: tuple[str, ...] = ()

    def step(self, step_id: str) -> Step:
        """The step of that id; KeyError when there is none."""
        return {step.id: step for step in self.steps}[step_id]


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


def judged(
    ok: bool,  # the one thing that is judged reads best first
    *,
    expected: str,
    observed: str,
    twin: str = "",
    likely: str = "",
    remedy: str = "",
    facts: Facts | None = None,
) -> Evidence:
    """PASSED or FAILED; cause and remedy are kept only for a failure."""
    return Evidence(
        verdict=Verdict.PASSED if ok else Verdict.FAILED,
        expected=expected,
        observed=observed,
        twin=twin,
        likely="" if ok else likely,
        remedy="" if ok else remedy,
        facts=facts or {},
    )


def unknown(
    *, expected: str, observed: str, remedy: str = "", likely: str = "", facts: Facts | None = None
) -> Evidence:
    """The check could not be made; `observed` says why."""
    return Evidence(
        verdict=Verdict.UNKNOWN,
        expected=expected,
        observed=observed,
        likely=likely,
        remedy=remedy,
        facts=facts or {},
    )


def not_yet(expected: str, fact: Fact) -> Evidence:
    """FAILED, because a fact that an earlier moment of the run has to find out is absent."""
    return Evidence(verdict=Verdict.FAILED, expected=expected, observed=f"not yet: {fact} is not known")


def problems(runbook: Runbook) -> list[str]:
    """Every authoring mistake of a runbook, one sentence each; empty when there is none."""
    ids = [step.id for step in runbook.steps]
    found = [f"step id {name!r} is used twice" for name in sorted({n for n in ids if ids.count(n) > 1})]
    sentences = {str(check) for step in runbook.steps for check in step.checks}
    found += [
        f"box {box.text!r} is shown by {sentence!r}, which no check says"
        for box in runbook.boxes
        for sentence in box.shown_by
        if sentence not in sentences
    ]
    for step in runbook.steps:
        found += [f"step {step.id!r}: {problem}" for problem in _problems_of(step, ids)]
    return found


def _problems_of(step: Step, ids: Sequence[str]) -> list[str]:
    wanted = {
        "title": step.title,
        "why": step.why,
        "instructions": step.instructions,
        "safe_to_stop": step.safe_to_stop,
    }
    found = [f"{name} is empty" for name, text in wanted.items() if not text.strip()]
    if not step.checks and not step.asks:
        found.append("nothing can show it done: it has neither a check nor a question")
    if step.look_only and (step.action or step.asks or step.undo):
        found.append("a step that only looks has no action, no question and no undo")
    sentences = [str(check) for check in step.checks]
    found += [f"two checks say {text!r}" for text in sorted({s for s in sentences if sentences.count(s) > 1})]
    later = ids[ids.index(step.id) + 1 :] if step.id in ids else []
    found += [
        f"check {str(check)!r} may be unknown until {check.unknown_until!r}, which is no later step"
        for check in step.checks
        if check.unknown_until and check.unknown_until not in later
    ]
    return found
