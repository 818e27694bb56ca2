"""The nouns of zotops: what a runbook is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from inspect import cleandoc
from typing import Literal, Protocol, TypeAlias

from zotops.world import SecretRef, World


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

    @property
    def leaves(self) -> str:
        """What stays for a while after it was made, in words: a dry run does not make such a check. Empty: nothing."""
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
    def forgets(self) -> Facts:
        """What is not known any more, "" each, once it was done, or begun and nobody saw its end."""
        return {}

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
