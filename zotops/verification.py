"""Measures one registry: the access matrix and the other standing truths, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from zotops.access_matrix import ADMIN, CI, DEAD, EMPTY, FORGED, GUEST, NOBODY, STRANGER, principals
from zotops.access_sentences import Sentence, sentences
from zotops.checks.limits import Limited
from zotops.checks.matrix import Matrix, answered
from zotops.checks.matrix_answers import STRANGE, Asked
from zotops.checks.matrix_verdicts import judge
from zotops.checks.sign_in import SignInRedirects
from zotops.checks.standing import standing_checks
from zotops.connections import CONNECTIONS
from zotops.errors import UsageIsWrong
from zotops.looking import counted, made
from zotops.model import Check, Evidence, Facts, Look, Verdict, unknown
from zotops.profile import Profile
from zotops.world import World

if TYPE_CHECKING:
    from zotops.actions.on_request import Requested, Told

# Who asks, by what people call them.
AS = {
    "nobody": frozenset({NOBODY, EMPTY, STRANGER, FORGED}),
    "ci": frozenset({CI, FORGED}),
    "dead": frozenset({DEAD}),
    "guest": frozenset({GUEST, FORGED}),
    "admin": frozenset({ADMIN, FORGED}),
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """One sentence, by the name that selects it, and what was found."""

    name: str
    check: Check
    evidence: Evidence

    @property
    def counts_as(self) -> Verdict:
        """The verdict as far as it decides: a red advisory check is a finding."""
        return counted(self.check, self.evidence)

    @property
    def finding(self) -> bool:
        """A weakness of the plan itself."""
        return self.check.advisory and self.evidence.verdict is Verdict.FAILED

    @property
    def untold(self) -> bool:
        """A weakness of the plan itself of which it cannot be told whether it is there; it decides nothing."""
        return self.check.advisory and self.evidence.verdict is Verdict.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found at one registry; `took` in seconds.

    `left`: what stays of what was asked to write; `left_out`: what the profile names and nobody was to ask.
    """

    profile: Profile
    results: tuple[Result, ...]
    matrix: tuple[Asked, ...]
    took: float
    left: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def of(self, verdict: Verdict) -> tuple[Result, ...]:
        """The results of that verdict; weaknesses of the plan count only where they are known not to be there."""
        return tuple(one for one in self.results if one.evidence.verdict is one.counts_as is verdict)

    @property
    def findings(self) -> tuple[Result, ...]:
        """Weaknesses of the plan itself."""
        return tuple(one for one in self.results if one.finding)

    @property
    def untold(self) -> tuple[Result, ...]:
        """Weaknesses of which it cannot be told whether they are there."""
        return tuple(one for one in self.results if one.untold)


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What is to be looked at: who asks (empty: everybody), and which names (empty: all)."""

    asking: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a check of that name is wanted; `access` stands for everything that begins with `access.`."""
        return not self.names or any(
            fnmatchcase(name, wanted) or name.startswith(f"{wanted}.") for wanted in self.names
        )

    def may_ask(self, check: Check) -> bool:
        """Whether whoever asks has the logins that a check needs."""
        return not self.asking or (CI if check.logins else NOBODY) in self.asking


def selected(profile: Profile, *, as_: str | None, only: str | None) -> Selected:
    """The words of `--as` and `--only`, separated by commas. UsageIsWrong: nobody or nothing is called so."""
    asking: frozenset[str] = frozenset()
    for word in _words(as_):
        if word not in AS:
            raise UsageIsWrong(f"--as {word!r} is nobody", remedy=f"one of {', '.join(AS)}")
        if not (AS[word] - {FORGED}) & {each.id for each in principals(profile)}:
            raise UsageIsWrong(f"--as {word}: profile {profile.name} names no such login", remedy="see its [verify]")
        asking |= AS[word]
    chosen = Selected(asking=asking, names=_words(only))
    known = names(profile)
    for word in chosen.names:
        if not any(Selected(names=(word,)).has(name) for name in known):
            raise UsageIsWrong(f"--only {word!r} is no check", remedy="`invoke verify --list` names them all")
    if not _said(profile, chosen) and not _standing(profile, chosen):
        raise UsageIsWrong(f"--as {as_} with --only {only} leaves nothing to look at", remedy="leave one of them away")
    return chosen


def _said(profile: Profile, wanted: Selected) -> list[Sentence]:
    """The sentences about access that are wanted, and of which somebody who asks can tell."""
    named = [sentence for sentence in sentences(profile) if wanted.has(sentence.name)]
    return [sentence for sentence in named if not wanted.asking or sentence.principals & wanted.asking]


def _standing(profile: Profile, wanted: Selected) -> dict[str, Check]:
    """The other checks that are wanted, and for which whoever asks has the logins."""
    found = standing_checks(profile)
    return {name: check for name, check in found.items() if wanted.has(name) and wanted.may_ask(check)}


def names(profile: Profile) -> dict[str, str]:
    """Every name and its sentence."""
    return {
        **{sentence.name: sentence.says for sentence in sentences(profile)},
        **{name: str(check) for name, check in standing_checks(profile).items()},
    }


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"[,\s]+", text or "")))


def verify(
    world: World, profile: Profile, wanted: Selected, *, within: float = 10.0, threads: int = CONNECTIONS
) -> Verified:
    """Measure, over so many threads; `within`: seconds that one answer may take."""
    start = world.clock.ticks()
    world = replace(world, http=Limited(http=world.http, within=within))
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        results, matrix = _measured(world, profile, wanted, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return Verified(profile=profile, results=tuple(results), matrix=tuple(matrix), took=world.clock.ticks() - start)


def _measured(world: World, profile: Profile, wanted: Selected, pool: Executor) -> tuple[list[Result], list[Asked]]:
    said, standing = _said(profile, wanted), _standing(profile, wanted)
    # Those that make several requests one after another begin first.
    begun = {name: pool.submit(look_at, check, world) for name, check in standing.items()}
    asking = _asking(said, wanted)
    matrix = answered(Matrix(profile=profile, only=asking).ask(world, pool)) if asking else []
    results = [
        Result(name=held.sentence.name, check=held, evidence=made(held, world, {})) for held in judge(said, matrix)
    ]
    results += [Result(name=name, check=standing[name], evidence=begun[name].result()) for name in standing]
    return results, matrix


def _asking(said: Sequence[Sentence], wanted: Selected) -> frozenset[str]:
    """Who has to ask, for these sentences and their twins."""
    needed = frozenset[str]().union(*(sentence.principals | sentence.twins for sentence in said))
    return needed & wanted.asking if wanted.asking else needed


@dataclass(frozen=True, kw_only=True)
class Done(Check):
    """The sentence of something that was done on request."""

    told: Told

    def __str__(self) -> str:
        return self.told.says

    @property
    def look(self) -> Look:
        """It can only be done again."""
        return Look(command="invoke verify with the same options", want=self.told.evidence.expected)

    @property
    def advisory(self) -> bool:
        """A weakness of the plan itself."""
        return self.told.advisory

    def run(self, world: World, facts: Facts) -> Evidence:
        """As it was seen."""
        del world, facts
        return self.told.evidence


def with_requested(world: World, found: Verified, requested: Requested) -> Verified:
    """The same with what was asked to be done, which leaves something."""
    from zotops.actions.on_request import do

    start = world.clock.ticks()
    told = list(do(world, found.profile, requested))
    results = [Result(name=one.name, check=Done(told=one), evidence=one.evidence) for one in told]
    left = [text for one in told for text in one.left]
    if requested.sign_in:
        walk = SignInRedirects(profile=found.profile)
        results.append(Result(name="sign-in", check=walk, evidence=look_at(walk, world)))
        left.append("sessions of sign-ins that were begun, in the registry's storage, for two hours")
    return replace(
        found,
        results=(*found.results, *results),
        left=tuple(dict.fromkeys(left)),
        took=found.took + world.clock.ticks() - start,
    )


def look_at(check: Check, world: World) -> Evidence:
    """As `made`; an answer that cannot even be understood makes it UNKNOWN too."""
    try:
        return made(check, world, {})
    except STRANGE:
        why = "the answer cannot be understood"
        return unknown(expected=check.look.want, observed=why, remedy="is it the right server?")


def in_order(results: Sequence[Result]) -> Iterator[Result]:
    """Failures first, then what is unknown, then findings, then the rest."""

    def place(one: Result) -> int:
        if one.finding:
            return 2
        return {Verdict.FAILED: 0, Verdict.UNKNOWN: 1, Verdict.PASSED: 3}[one.evidence.verdict]

    return iter(sorted(results, key=place))
