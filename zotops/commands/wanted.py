"""What the options of a run ask for, and whether they go together; seen before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zotops.errors import UsageIsWrong
from zotops.model import Runbook, State
from zotops.runner import Bounds


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


def refuse_what_does_not_fit(wanted: Wanted, runbook: Runbook) -> None:
    """UsageIsWrong: a step that is not there, or options of which one would silently lose."""
    known = [step.id for step in runbook.steps]
    for name in filter(None, (wanted.bounds.only, wanted.bounds.until, wanted.undo, *wanted.settled)):
        if name not in known:
            raise UsageIsWrong(f"there is no step {name!r}", remedy=f"steps are {', '.join(known)}")
    given = {
        "--dry-run": wanted.dry_run,
        "--undo": wanted.undo,
        "--new": wanted.new,
        "--settled": wanted.settled,
        "--step": wanted.bounds.only,
        "--until": wanted.bounds.until,
    }
    for first, others in ALONE.items():
        for other in others:
            if given[first] and given[other]:
                raise UsageIsWrong(f"{first} with {other}", remedy="take one of them at a time")


# A dry run looks at the whole runbook; an undo is of the run that is there, and takes no step forward.
ALONE = {
    "--dry-run": ("--undo", "--new", "--settled", "--step", "--until"),
    "--undo": ("--new", "--step", "--until"),
    "--new": ("--settled",),
    "--step": ("--until",),
}
