"""Runs or resumes a runbook: finds the run, holds it to its definition, locks the registry, and walks."""

from __future__ import annotations

import difflib
import getpass
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from zotops.commands.wanted import Wanted, refuse_what_does_not_fit
from zotops.dry_run import dry_run
from zotops.errors import ConfigurationIsWrong, DefinitionChanged, LockedByAnother, Stop, UsageIsWrong
from zotops.journal import Journal, Record
from zotops.ledger import Ledger
from zotops.model import Runbook, Settled, State, Step
from zotops.operator import Operator, Told
from zotops.profile import Profile
from zotops.recent import Forgetting, Recent
from zotops.redaction import Redactor
from zotops.runner import Runner
from zotops.runs import Run
from zotops.state_folder import Lock, lock_path, state_folder
from zotops.systems.vault_by_hand import store_name
from zotops.traffic import Traffic
from zotops.world import World


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
    refuse_what_does_not_fit(wanted, runbook)
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
        marks = self._marks_of_others(found)
        journal = self._resume(found) if found else self._begin()
        if self.wanted.take_over:
            who = {"operator": getpass.getuser(), "reason": self.wanted.take_over, "marks": marks}
            journal.append("taken-over", "", who)
        try:
            self._walk(journal, found)
        finally:
            journal.close()
            sweep(journal.path, self.redactor)

    def _marks_of_others(self, found: Run | None) -> list[str]:
        """Another machine's marks; LockedByAnother where one is new and its run is not taken over now."""
        ours = [run for run in runs.all_runs(self.folder) if run.registry == self.profile.registry.url]
        marks = foreign_marks(self.world, self.profile, ours)
        known = [mark for record in _taken_over(found) for mark in record.data["marks"]]
        if not self.wanted.take_over and (strange := [mark for mark in marks if mark not in known]):
            remedy = "ask who it is; when nobody works on it any more, --take-over REASON"
            raise LockedByAnother(f"another machine may be at work here: {'; '.join(strange)}", remedy=remedy)
        return marks

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
        owner, me = _owner_of(found), getpass.getuser()
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
        return Journal.create(path, header, clock=self.world.clock, redactor=self.redactor)

    def _resume(self, found: Run) -> Journal:
        now = runs.definition(self.profile, pages.step_texts(self.runbook), self.runbook)
        then = found.now.accepted or found.now.header
        difference = changes(then, json.loads(json.dumps(now)))
        if difference and not self.wanted.accept_changes:
            remedy = "look at the difference, then --accept-changes; or --new REASON begins afresh"
            raise DefinitionChanged(f"changed since run {found.now.run} began:\n{difference}", remedy=remedy)
        journal = Journal.open(found.path, clock=self.world.clock, redactor=self.redactor)
        event = "run-reopened" if found.now.ended else "run-resumed"
        journal.append(event, "", {"operator": getpass.getuser(), "host": socket.gethostname()})
        if difference:
            journal.append("changes-accepted", "", now)
        return journal

    def _append(self, found: Run, event: str, data: Mapping[str, str]) -> None:
        journal = Journal.open(found.path, clock=self.world.clock, redactor=self.redactor)
        journal.append(event, "", data)
        journal.close()


def _taken_over(found: Run | None) -> list[Record]:
    return [record for record in found.records if record.event == "taken-over"] if found else []


def _owner_of(run: Run) -> str:
    """Who began it, or took it over last."""
    return str([run.now.header, *(record.data for record in _taken_over(run))][-1]["operator"])


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
    owner = _owner_of(found)
    whose = "Yours" if owner == getpass.getuser() else f"{owner}'s, taken over"
    uncertain = [step for step, at in found.now.steps.items() if at.dangling]
    where = f" in {uncertain[0]}: uncertain" if uncertain else ""
    return f"{whose}, from {found.now.header['host']}, stopped {since} ago{where}."
