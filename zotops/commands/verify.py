"""`invoke verify`: who may do what at the registry, and whether everything else still holds; leaves nothing there."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from zotops.commands.opening import open_sparing_world, seen_from_here, take_handed
from zotops.commands.operators import screen_for
from zotops.commands.outcomes import outcome
from zotops.connections import CONNECTIONS
from zotops.errors import CheckFailed, Unreachable, UsageIsWrong
from zotops.model import Verdict
from zotops.profile import Profile
from zotops.profile_file import find_profile, read_profile, with_store
from zotops.redaction import Redactor
from zotops.screen import Screen
from zotops.secret_stores.environment import Taken
from zotops.state_folder import state_folder
from zotops.verdict_table import Look, summary, table
from zotops.verification import Selected, Verified, names, selected, with_requested
from zotops.verification import verify as measure

if TYPE_CHECKING:
    from zotops.actions.on_request import Requested

PAUSE = 5.0
# Together no more than 128 threads: for each registry these that look, beside each of them one for its request, and one
# that waits for them; a few of the registry before are just ending.
SEVERAL, EACH_OF_SEVERAL = 2, 28


def verify(
    *,
    profile: list[str],
    as_: str | None = None,
    only: str | None = None,
    list_: bool = False,
    json: bool = False,
    junit: str | None = None,
    prometheus: str | None = None,
    quiet: bool = False,
    strict: bool = False,
    write: bool = False,
    pull_through: str | None = None,
    as_dagger: bool = False,
    as_skopeo: bool = False,
    sign_in: bool = False,
    watch: bool = False,
    store: str | None = None,
    from_here: bool = False,
) -> int:
    """0: all is as the profile says. 1: something is not. 5: something could not be told, and nothing is wrong."""

    def command() -> int:
        paths = [find_profile(name) for name in profile] or [find_profile(None)]
        places = [with_store(read_profile(path), store) for path in paths]
        seen = [seen_from_here(place) if from_here else (place, ()) for place in places]
        places = [place for place, _ in seen]
        wanted = [selected(place, as_=as_, only=only) for place in places]
        writes = write or as_dagger or as_skopeo or bool(pull_through)
        _refuse(json=json, watch=watch, writes=writes, leaves=writes or sign_in, only_nobody=as_ == "nobody")
        requested = None
        if writes or sign_in:
            from zotops.actions.on_request import Requested

            requested = Requested(
                write=write, pull_through=pull_through or "", as_dagger=as_dagger, as_skopeo=as_skopeo, sign_in=sign_in
            )
        redactor = Redactor()
        screen = screen_for(places[0], again="invoke verify", redact=redactor.redact)
        shown = _Shown(screen=screen, quiet=quiet, json=json)
        if list_:
            for name, says in names(places[0]).items():
                screen.say(f"{name:<22} {says}")
            return 0
        taken = take_handed(places)
        jobs = [
            _Job(profile=place, wanted=each, requested=requested, taken=taken, left_out=left_out)
            for (place, left_out), each in zip(seen, wanted, strict=True)
        ]
        while True:
            found = _measure_all(jobs, redactor)
            code = exit_code(found, strict=strict)
            shown.everything(found, code)
            if not watch or not code:
                break
            screen.say(f"\nAgain in {PAUSE:g} s, until it is green. Ctrl-C ends it.")
            time.sleep(PAUSE)
        if junit or prometheus:
            _write_files(found, junit=junit, prometheus=prometheus)
        return code

    return outcome(command)


def _refuse(*, json: bool, watch: bool, writes: bool, leaves: bool, only_nobody: bool) -> None:
    """UsageIsWrong for options that contradict each other."""
    if json and watch:
        raise UsageIsWrong("--json with --watch", remedy="a document has one end; take one of them")
    if leaves and watch:
        raise UsageIsWrong("--watch with what leaves something", remedy="each look would leave it again")
    if writes and only_nobody:
        raise UsageIsWrong("--as nobody with what needs CI's key", remedy="leave out --as")


def exit_code(found: Sequence[Verified], *, strict: bool) -> int:
    """Red before unknown; findings only when strict."""
    if any(one.of(Verdict.FAILED) or (strict and one.findings) for one in found):
        return CheckFailed.exit_code
    return Unreachable.exit_code if any(one.of(Verdict.UNKNOWN) for one in found) else 0


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One registry to measure."""

    profile: Profile
    wanted: Selected
    requested: Requested | None
    taken: Taken
    left_out: tuple[str, ...]
    threads: int = CONNECTIONS

    def measure(self, redactor: Redactor) -> Verified:
        """In a world of its own, closed afterwards: a hundred of them would hold thousands of connections."""
        with open_sparing_world(self.profile, state_folder(), redactor, taken=self.taken) as world:
            found = measure(world, self.profile, self.wanted, threads=self.threads)
            found = replace(found, left_out=self.left_out)
            return with_requested(world, found, self.requested) if self.requested is not None else found


def _measure_all(jobs: Sequence[_Job], redactor: Redactor) -> list[Verified]:
    """Several at once, each over connections of its own; in the order of their profiles."""
    if len(jobs) == 1:
        return [jobs[0].measure(redactor)]
    with ThreadPoolExecutor(max_workers=SEVERAL) as several:
        return list(several.map(lambda job: replace(job, threads=EACH_OF_SEVERAL).measure(redactor), jobs))


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """Where it is shown: a table for people, or one document and nothing else."""

    screen: Screen
    quiet: bool
    json: bool

    def everything(self, found: Sequence[Verified], code: int) -> None:
        if self.json:
            from zotops.verify_outputs import document

            sys.stdout.write(self.screen.redact(document(found, at=datetime.now(UTC), code=code)))
            return
        look = Look(redact=self.screen.redact, symbols=self.screen.has_symbols(), quiet=self.quiet)
        for one in found:
            for line in table(one, look, registry=urlsplit(one.profile.registry.url).netloc):
                self.screen.say(line.text, line.style)
        if len(found) > 1 and not self.quiet:
            self.screen.say("\nTogether", "bold")
            for one in found:
                self.screen.say(f"  {summary(one)}", "red" if one.of(Verdict.FAILED) else "")


def _write_files(found: Sequence[Verified], *, junit: str | None, prometheus: str | None) -> None:
    from zotops import verify_outputs

    if junit:
        verify_outputs.write_junit(found, Path(junit))
    if prometheus:
        verify_outputs.write_prometheus(found, Path(prometheus), at=datetime.now(UTC))
