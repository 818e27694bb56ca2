"""`invoke runs`: what was run, and whether anybody changed a journal."""

from __future__ import annotations

import sys

from zotops.commands.outcomes import outcome
from zotops.errors import UsageIsWrong
from zotops.journal import audit as audit_of
from zotops.profile_file import find_profile, read_profile
from zotops.runs import Run, all_runs, find, head_of
from zotops.state_folder import state_folder

CHANGED = 1


def runs(*, profile: str | None, audit: str | None, head: str | None) -> int:
    """List the runs, or audit one; 1 when its journal was changed."""

    def command() -> int:
        if head and not audit:
            raise UsageIsWrong("--head without --audit", remedy="say which run: --audit RUN --head HASH")
        return _audit(audit, head) if audit else _list(profile)

    return outcome(command)


def _list(profile: str | None) -> int:
    registry = read_profile(find_profile(profile)).registry.url if profile else ""
    for run in all_runs(state_folder()):
        if registry in ("", run.registry):
            now, header = run.now, run.now.header
            done = sum(step.stage in ("done", "skipped") for step in now.steps.values())
            end = now.ended or (f"stopped: {now.stopped}" if now.stopped else "unfinished")
            began = run.records[0].at[:16].replace("T", " ")
            line = f"{now.run}  {began}  {run.runbook:<12}{header['profile']:<12}{header['operator']:<12}"
            sys.stdout.write(f"{line}{done} of {len(header['steps'])}  {end}\n")
    return 0


def _audit(run: str, head: str | None) -> int:
    found = find(state_folder(), run, "")
    wrong = audit_of(found.path, head)
    for sentence in wrong:
        sys.stdout.write(f"{sentence}\n")
    if not wrong:
        sys.stdout.write(f"{found.path}: {len(found.records)} records, none changed; {_against(found, head)}\n")
    return CHANGED if wrong else 0


def _against(found: Run, head: str | None) -> str:
    """What the head that was kept elsewhere shows, and what it does not."""
    if not head:
        return "a cut tail would show only against a head kept elsewhere"
    if head.lower() == head_of(found):
        return "and it ends in that head"
    return "that head is of an earlier record: a cut of what came after it would show only against a later head"
