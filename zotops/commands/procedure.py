"""`invoke deploy`, `invoke rotate-key`: run or resume a runbook, step by step."""

from __future__ import annotations

from zotops.commands.operators import operator_for
from zotops.commands.outcomes import outcome
from zotops.commands.walking import walk
from zotops.commands.wanted import Wanted, parse_settled
from zotops.errors import UsageIsWrong
from zotops.profile_file import find_profile, read_profile
from zotops.redaction import Redactor
from zotops.runbooks import CALLED, RUNBOOKS
from zotops.runner import Bounds


def procedure(
    name: str,
    *,
    profile: str | None,
    auto: bool,
    dry_run: bool,
    step: str | None,
    until: str | None,
    undo: str | None,
    new: str | None,
    accept_changes: bool,
    settled: list[str],
    take_over: str | None,
) -> int:
    """Run or resume the runbook of that name; the exit codes are those of the reference page."""

    def command() -> int:
        for option, reason in (("--new", new), ("--take-over", take_over)):
            if reason is not None and not reason.strip():
                raise UsageIsWrong(f"{option} without a reason", remedy=f'{option} "why", for whoever reads it later')
        place = read_profile(find_profile(profile))
        wanted = Wanted(
            bounds=Bounds(only=step or "", until=until or ""),
            dry_run=dry_run,
            undo=undo or "",
            new=new or "",
            accept_changes=accept_changes,
            settled=parse_settled(settled),
            take_over=take_over or "",
        )
        again = f"invoke {CALLED.get(name, name)}" + (f" --profile {profile}" if profile else "")
        redactor = Redactor()
        operator = operator_for(place, auto=auto, again=again, redactor=redactor)
        return walk(
            name=name,
            runbook=RUNBOOKS[name](place),
            profile=place,
            operator=operator,
            wanted=wanted,
            redactor=redactor,
        )

    return outcome(command)
