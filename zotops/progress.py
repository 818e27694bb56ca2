"""What a run's records add up to: derived each time from the journal, never saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from zotops.model import Fact, Facts, State

Stage = Literal["todo", "started", "done", "skipped"]


class Recorded(Protocol):
    """A record as the journal hands it out."""

    @property
    def at(self) -> str:
        """When, ISO 8601, UTC."""
        ...

    @property
    def event(self) -> str:
        """What happened."""
        ...

    @property
    def step(self) -> str:
        """In which step; empty for the run itself."""
        ...

    @property
    def data(self) -> Mapping[str, Any]:
        """The rest."""
        ...


@dataclass(frozen=True, kw_only=True)
class Dangling:
    """An action or undo that was intended and of which no end is recorded."""

    kind: Literal["action", "undo"]
    attempt: int
    intent: Mapping[str, str]
    at: str


@dataclass(frozen=True, kw_only=True)
class StepProgress:
    """Where one step stands. `before`: the verdict per check at its first look since it was last opened.

    `last`: per check what its newest look recorded, with `at` and `n`, the record's place in the run.
    """

    stage: Stage = "todo"
    kind: str = ""
    reason: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    last: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dangling: Dangling | None = None
    acted: bool = False
    finished_at: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands."""

    header: Mapping[str, Any] = field(default_factory=dict)
    accepted: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, StepProgress] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    attempts: int = 0
    records: int = 0
    ended: Literal["", "finished", "abandoned"] = ""
    last_at: str = ""
    stopped: str = ""

    @property
    def run(self) -> str:
        """The run's id."""
        return str(self.header.get("run", ""))

    def of(self, step: str) -> StepProgress:
        """Where that step stands; one that was never begun is "todo"."""
        return self.steps.get(step, StepProgress())


def progress(records: Iterable[Recorded]) -> Progress:
    """Fold records, in their order, into where the run stands."""
    now = Progress()
    for record in records:
        now = folded(now, record)
    return now


def folded(now: Progress, record: Recorded) -> Progress:
    """Where the run stands after one more record."""
    counted = replace(now, records=now.records + 1, last_at=record.at)
    return _folded(counted, record)


def _folded(now: Progress, record: Recorded) -> Progress:  # noqa: PLR0911  # one return an event: a table
    data = record.data
    match record.event:
        case "run-started":
            return replace(now, header=data)
        case "changes-accepted":
            return replace(now, accepted=data)
        case "run-finished" | "run-abandoned":
            return replace(now, ended="finished" if record.event == "run-finished" else "abandoned")
        case "run-resumed" | "run-reopened":
            return replace(now, stopped="", ended="")
        case "run-stopped":
            return replace(now, stopped=str(data["why"]))
        case "fact-found":
            return replace(now, facts=_known(now.facts, Fact(data["name"]), data["value"]))
        case "answer-given" if data.get("claim"):
            return replace(now, claims={**now.claims, data["question"]: data["answer"]})
    left = tuple(data.get("left", ())) + ((data["leftover"],) if data.get("leftover") else ())
    attempts = max(now.attempts, int(data.get("attempt", 0)))
    step = _folded_step(now.of(record.step), record, now.records)
    return replace(
        now,
        steps={**now.steps, record.step: step},
        attempts=attempts,
        leftovers=tuple(dict.fromkeys(now.leftovers + left)),
    )


def _known(facts: Facts, fact: Fact, value: str) -> Facts:
    """The facts with one more; one that is found empty is not known any more."""
    others = {name: known for name, known in facts.items() if name != fact}
    return {**others, fact: value} if value else others


def _opens_again(step: StepProgress, record: Recorded) -> bool:
    """Whether the step stands as one that was never begun: its undo happened, or it no longer holds."""
    if record.event == "settled":
        undoing = step.dangling is not None and step.dangling.kind == "undo"
        return undoing and record.data["state"] == State.HAPPENED.value
    return record.event in ("undo-done", "step-reopened")


def _folded_step(step: StepProgress, record: Recorded, n: int) -> StepProgress:  # noqa: C901, PLR0911  # as above
    data = record.data
    if _opens_again(step, record):
        return StepProgress(reason=data.get("why", "undone"))
    match record.event:
        case "step-started":
            return replace(step, stage="started")
        case "check-made":
            before = step.before
            if data["when"] == "before" and data["check"] not in before:
                before = {**before, data["check"]: data["verdict"]}
            return replace(step, before=before, last={**step.last, data["check"]: {**data, "at": record.at, "n": n}})
        case "action-intended" | "undo-intended":
            kind: Literal["action", "undo"] = "action" if record.event.startswith("action") else "undo"
            dangling = Dangling(kind=kind, attempt=data["attempt"], intent=data["intent"], at=record.at)
            return replace(step, dangling=dangling, acted=True)
        case "by-hand":
            return replace(step, acted=True)
        case "action-done":
            return replace(step, dangling=None)
        case "action-failed" | "undo-failed":
            return replace(step, dangling=None, acted=False)
        case "settled":
            return replace(step, dangling=None, acted=data["state"] == State.HAPPENED.value)
        case "step-done":
            return replace(step, stage="done", kind=data["kind"], finished_at=record.at)
        case "step-skipped":
            return replace(step, stage="skipped", reason=data["reason"])
    return step
