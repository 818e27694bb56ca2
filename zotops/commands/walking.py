"""Runs or resumes a runbook: finds the run, holds it to its definition, locks the registry, and walks."""

from __future__ import annotations

import difflib
import getpass
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from zotops import pages, runs
from zotops.acting import settle
from zotops.announced import Announced
from zotops.authoring import problems
from zotops.commands.marks import foreign_marks
from zotops.commands.opening import open_world
from zotops.commands.sweeping import sweep
from zotops.dry_run import dry_run
from zotops.errors import ConfigurationIsWrong, DefinitionChanged, LockedByAnother, Stop, UsageIsWrong
from zotops.journal import Journal
from zotops.ledger import Ledger
from zotops.model import Runbook, Settled, State, Step
from zotops.operator import Operator, Told
from zotops.profile import Profile
from zotops.recent import Forgetting, Recent
from zotops.redaction import Redactor
from zotops.runner import Bounds, Runner
from zotops.runs import Run
from zotops.state_folder import Lock, lock_path, state_folder
from zotops.systems.vault_by_hand import store_name
from zotops.traffic import Traffic
from zotops.world import World


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the options of a run ask for."""

    bounds: Bounds = field(default_factory=Bounds)
    dry_run: bool = False
    undo: str = ""
    new: str = ""
    accept_changes: bool = False
    settled: Mapping[str, State] = field(default_factory=dict)
    take_over: str = ""


def parse_settled(words: list[str]) -> dict[str, State]:
    """`STEP=happened` and `STEP=did-not`; a step that is named twice must be named alike."""
    found: dict[str, State] = {}
    for word in words:
        step, _, state = word.partition("=")
        known = state in (State.HAPPENED.value, State.DID_NOT.value)
        if not step or not known or found.get(step, State(state)) is not State(state):
            raise UsageIsWrong(f"--settled {word!r}", remedy="write STEP=happened or STEP=did-not")
        found[step] = State(state)
    return found


def walk(
    *,
    name: str,
    runbook: Runbook,
    profile: Profile,
    operator: Operator,
    wanted: Wanted,
    redactor: Redactor,
    folder: Path | None = None,
) -> int:
    """Run or resume; 0 when everything asked for is done. Every other end is a Stop.

    `folder`: where runs are kept; the user's state folder when None.
    """
    if mistakes := problems(runbook):
        raise ConfigurationIsWrong("\n".join(mistakes), remedy="this is a mistake in the runbook, not yours")
    folder = folder or state_folder()
    if profile.secrets.store == "environment" and not wanted.dry_run:
        raise ConfigurationIsWrong(
            'secrets.store = "environment" can only be read, and a run has to write',
            remedy="use onepassword or keyring",
        )
    if wanted.dry_run:
        with open_world(profile, folder, redactor) as world:
            return dry_run(runbook, world, operator)

    def waiting(what: str) -> None:
        operator.show(Told(what=what))

    traffic = Traffic()
    owner = f"run of {name} by {getpass.getuser()}@{socket.gethostname()}, process {os.getpid()}"
    with (
        Lock(lock_path(folder, profile.registry.url), owner=owner, waiting=waiting) as lock,
        open_world(profile, folder, redactor, inherit=(lock.descriptor,), traffic=traffic) as world,
    ):
        announced = Announced(store=world.secrets, clock=world.clock, announce=partial(_announce, operator, profile))
        recent = Recent(store=announced, clock=world.clock)
        call = _Walk(
            name=name,
            runbook=runbook,
            profile=profile,
            operator=Forgetting(operator=operator, recent=recent),
            wanted=wanted,
            folder=folder,
            redactor=redactor,
            world=replace(world, secrets=recent),
        )
        try:
            call.run()
        finally:
            operator.show(Told(what="asked", result=str(traffic)))
    return 0


def _announce(operator: Operator, profile: Profile) -> None:
    """Before the vault is called, so that nobody wonders who asks for a finger."""
    waits = f"waits {profile.secrets.patience:g} s at most"
    operator.show(Told(what="vault", result=f"{store_name(profile)} may ask you to unlock it; {waits}"))


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """The parts of one call, so that they need not be handed from function to function."""

    name: str
    runbook: Runbook
    profile: Profile
    operator: Operator
    wanted: Wanted
    folder: Path
    redactor: Redactor
    world: World

    def run(self) -> None:
        found = self._to_resume()
        self._notice_others()
        journal = self._resume(found) if found else self._begin()
        try:
            self._walk(journal, found)
        finally:
            journal.close()
            sweep(journal.path, self.redactor)

    def _notice_others(self) -> None:
        """Another machine's marks, unless its run is taken over."""
        ours = [run for run in runs.all_runs(self.folder) if run.registry == self.profile.registry.url]
        marks = [] if self.wanted.take_over else foreign_marks(self.world, self.profile, ours)
        if marks:
            remedy = "ask who it is; when nobody works on it any more, --take-over REASON"
            raise LockedByAnother(f"another machine may be at work here: {'; '.join(marks)}", remedy=remedy)

    def _walk(self, journal: Journal, found: Run | None) -> None:
        ledger = Ledger(journal, self.operator)
        runner = Runner(self.runbook, self.world, ledger)
        undoing = [step for each in self.wanted.settled.items() for step in self._settle(ledger, *each)]
        if self.wanted.undo:
            try:
                runner.undo(self.wanted.undo)
            except Stop:
                if found and found.now.ended:
                    runner.finish_again()
                raise
        else:
            runner.walk(self.wanted.bounds, resumed=_resumed(found) if found else "", undoing=undoing)

    def _settle(self, ledger: Ledger, step_id: str, state: State) -> Sequence[Step]:
        """Record what somebody has found out; the step, if it was being undone."""
        dangling, step = ledger.now.of(step_id).dangling, self.runbook.step(step_id)
        if dangling is None:
            raise UsageIsWrong(f"--settled {step_id}: nothing is uncertain there", remedy="leave that option away")
        settle(ledger, step, Settled(state=state), by=getpass.getuser())
        return [step] if dangling.kind == "undo" else []

    def _to_resume(self) -> Run | None:
        found = runs.latest(self.folder, runbook=self.name, registry=self.profile.registry.url)
        if found is None or (found.now.ended and not (self.wanted.undo and found.now.ended == "finished")):
            if self.wanted.undo:
                raise UsageIsWrong(f"--undo {self.wanted.undo}: no run has been made here", remedy="nothing to undo")
            return None
        if self.wanted.new:
            self._append(found, "run-abandoned", {"reason": self.wanted.new})
            return None
        owner, me = found.now.header["operator"], getpass.getuser()
        if owner != me and not self.wanted.take_over:
            raise LockedByAnother(
                f"run {found.now.run} is {owner}'s", remedy="--take-over REASON continues it as yours"
            )
        return found

    def _begin(self) -> Journal:
        run_id, path = runs.new_path(self.folder)
        header = runs.header(
            run=run_id,
            name=self.name,
            profile=self.profile,
            texts=pages.step_texts(self.runbook),
            runbook=self.runbook,
        )
        journal = Journal.create(path, header, clock=self.world.clock, redactor=self.redactor)
        if self.wanted.take_over:
            journal.append("taken-over", "", {"reason": self.wanted.take_over})
        return journal

    def _resume(self, found: Run) -> Journal:
        now = runs.definition(self.profile, pages.step_texts(self.runbook), self.runbook)
        then = found.now.accepted or found.now.header
        difference = changes(then, json.loads(json.dumps(now)))
        if difference and not self.wanted.accept_changes:
            remedy = "look at the difference, then --accept-changes; or --new REASON begins afresh"
            raise DefinitionChanged(f"changed since run {found.now.run} began:\n{difference}", remedy=remedy)
        journal = Journal.open(found.path, clock=self.world.clock, redactor=self.redactor)
        event = "run-reopened" if found.now.ended else "run-resumed"
        who = {"operator": getpass.getuser(), "host": socket.gethostname(), "take_over": self.wanted.take_over}
        journal.append(event, "", who)
        if difference:
            journal.append("changes-accepted", "", now)
        return journal

    def _append(self, found: Run, event: str, data: Mapping[str, str]) -> None:
        journal = Journal.open(found.path, clock=self.world.clock, redactor=self.redactor)
        journal.append(event, "", data)
        journal.close()


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The difference between two definitions as a person reads it; empty when there is none."""
    lines: list[str] = []
    before, after = ({s["id"]: s for s in d["steps"]} for d in (then, now))
    for step in dict.fromkeys((*before, *after)):
        old, new = before.get(step, {}), after.get(step, {})
        if old.get("fingerprint") != new.get("fingerprint"):
            lines += _difference(f"step {step}", str(old.get("text", "")), str(new.get("text", "")))
            lines += [f"step {step}: a check or the action changed"] if old.get("text") == new.get("text") else []
    old_profile, new_profile = (json.dumps(d["profile_content"], indent=1, sort_keys=True) for d in (then, now))
    return "\n".join([*lines, *_difference("profile", old_profile, new_profile)])


def _difference(what: str, old: str, new: str) -> list[str]:
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), f"{what} then", f"{what} now", "", "", 0, ""))


def _resumed(found: Run) -> str:
    """Whose run it is and how long it has rested."""
    rested = datetime.now(UTC) - datetime.fromisoformat(found.records[-1].at)
    hours, minutes = int(rested.total_seconds() // 3600), int(rested.total_seconds() // 60)
    since = f"{hours} hours" if hours > 1 else f"{minutes} minutes" if minutes > 1 else "a moment"
    owner = found.now.header["operator"]
    whose = "Yours" if owner == getpass.getuser() else f"{owner}'s, taken over"
    uncertain = [step for step, at in found.now.steps.items() if at.dangling]
    where = f" in {uncertain[0]}: uncertain" if uncertain else ""
    return f"{whose}, from {found.now.header['host']}, stopped {since} ago{where}."
