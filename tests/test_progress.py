"""The fold of a run's records: event by event, in any pieces, and from a journal that was cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lamps import FixedClock
from zotops.journal import Journal, read
from zotops.model import Fact
from zotops.progress import Progress, StepProgress, folded, progress
from zotops.redaction import Redactor


@dataclass(frozen=True)
class Said:
    """A record that no journal wrote."""

    event: str
    step: str = "hall"
    data: Mapping[str, Any] = field(default_factory=dict)
    at: str = "2027-01-15T08:00:00.000+00:00"


def looked(verdict: str, when: str = "after", check: str = "light") -> Said:
    return Said("check-made", data={"check": check, "when": when, "verdict": verdict})


def of(*records: Said) -> StepProgress:
    return progress(records).of("hall")


STARTED = Said("step-started", data={"title": "t"})
INTENDED = Said("action-intended", data={"action": "a", "attempt": 1, "intent": {"lamp": "hall"}})
UNDOING = Said("undo-intended", data={"action": "a", "attempt": 2, "intent": {"lamp": "hall"}})

# records, then what they add up to: stage, whether it was acted, whether something is uncertain
STANDS: dict[str, tuple[list[Said], tuple[str, bool, bool]]] = {
    "nothing": ([], ("todo", False, False)),
    "begun": ([STARTED], ("started", False, False)),
    "looked at": ([STARTED, looked("failed", "before")], ("started", False, False)),
    "intended": ([STARTED, INTENDED], ("started", True, True)),
    "acted": ([STARTED, INTENDED, Said("action-done", data={"left": []})], ("started", True, False)),
    "failed": ([STARTED, INTENDED, Said("action-failed", data={"why": "w"})], ("started", False, False)),
    "it happened": ([STARTED, INTENDED, Said("settled", data={"state": "happened"})], ("started", True, False)),
    "it did not": ([STARTED, INTENDED, Said("settled", data={"state": "did-not"})], ("started", False, False)),
    "by hand": ([STARTED, Said("by-hand")], ("started", True, False)),
    "done": ([STARTED, Said("step-done", data={"kind": "witnessed"})], ("done", False, False)),
    "skipped": ([STARTED, Said("step-skipped", data={"reason": "r"})], ("skipped", False, False)),
    "opened again": (
        [STARTED, INTENDED, Said("step-done", data={"kind": "shown"}), Said("step-reopened", data={"why": "w"})],
        ("todo", False, False),
    ),
    "undo intended": ([STARTED, UNDOING], ("started", True, True)),
    "undone": ([STARTED, UNDOING, Said("undo-done", data={"left": []})], ("todo", False, False)),
    "undone after all": ([STARTED, UNDOING, Said("settled", data={"state": "happened"})], ("todo", False, False)),
    "not undone": ([STARTED, UNDOING, Said("settled", data={"state": "did-not"})], ("started", False, False)),
    "undo failed": ([STARTED, UNDOING, Said("undo-failed", data={"why": "w"})], ("started", False, False)),
    "an event of a later version": ([STARTED, Said("step-admired")], ("started", False, False)),
}


@pytest.mark.parametrize(("records", "stands"), STANDS.values(), ids=STANDS)
def test_records_add_up(records: list[Said], stands: tuple[str, bool, bool]) -> None:
    step = of(*records)
    assert (step.stage, step.acted, step.dangling is not None) == stands


def test_a_dangling_action_keeps_what_settling_it_needs() -> None:
    dangling = of(INTENDED).dangling
    assert dangling is not None
    assert (dangling.kind, dangling.attempt, dangling.intent) == ("action", 1, {"lamp": "hall"})
    undone = of(INTENDED, Said("action-done", data={"left": []}), UNDOING).dangling
    assert undone is not None
    assert undone.kind == "undo"


def test_the_first_look_before_is_kept_and_the_newest_look_counts() -> None:
    step = of(looked("failed", "before"), looked("passed", "before"), looked("unknown"), looked("passed"))
    assert step.before == {"light": "failed"}
    assert step.last["light"]["verdict"] == "passed"


def test_a_look_after_the_action_is_no_look_before_it() -> None:
    assert of(looked("failed")).before == {}


def test_what_was_seen_before_a_step_was_opened_again_is_forgotten() -> None:
    step = of(looked("failed", "before"), looked("passed"), Said("step-reopened", data={"why": "undone"}))
    assert step == StepProgress(reason="undone")


def test_each_look_knows_its_place_in_the_run_whatever_the_clock_did() -> None:
    early = Said("check-made", data={"check": "light", "when": "after", "verdict": "failed"}, at="2027-01-02")
    late = Said("check-made", step="attic", data=early.data, at="2027-01-01")
    now = progress([early, late])
    assert now.of("hall").last["light"]["n"] < now.of("attic").last["light"]["n"]


def test_facts_claims_and_what_is_left_are_collected_over_all_steps() -> None:
    now = progress(
        [
            Said("fact-found", "hall", {"name": "colour", "value": "red"}),
            Said("fact-found", "attic", {"name": "colour", "value": "blue"}),
            Said("answer-given", "hall", {"question": "sure", "answer": "yes", "claim": True}),
            Said("answer-given", "hall", {"question": "colour", "answer": "red", "claim": False}),
            Said("action-done", "hall", {"left": ["warmth", "dust"]}),
            Said("settled", "attic", {"state": "did-not", "leftover": "a bulb", "left": []}),
        ]
    )
    assert now.facts == {Fact("colour"): "blue"}
    assert now.claims == {"sure": "yes"}
    assert now.leftovers == ("warmth", "dust", "a bulb")


def test_a_fact_that_is_found_empty_is_not_known_any_more() -> None:
    red, gone = (Said("fact-found", "hall", {"name": "colour", "value": value}) for value in ("red", ""))
    assert progress([red, gone]).facts == {}
    assert progress([gone]).facts == {}
    assert progress([gone, red]).facts == {Fact("colour"): "red"}


def test_attempts_are_counted_over_the_whole_run() -> None:
    second = Said("undo-intended", "attic", {"action": "a", "attempt": 2, "intent": {}})
    assert progress([INTENDED, second, STARTED]).attempts == 2


def run(event: str, **data: Any) -> Said:
    return Said(event, "", data)


def test_how_a_run_stands() -> None:
    begun = [run("run-started", run="7f3a", runbook="lamps")]
    assert progress(begun).run == "7f3a"
    assert progress([]).run == ""
    assert progress([*begun, run("run-stopped", why="Ctrl-C", exit=130)]).stopped == "Ctrl-C"
    assert progress([*begun, run("run-finished", counts={})]).ended == "finished"
    assert progress([*begun, run("run-abandoned", reason="r")]).ended == "abandoned"
    again = progress([*begun, run("run-finished", counts={}), run("run-reopened")])
    assert (again.ended, again.stopped) == ("", "")
    assert progress([*begun, run("run-stopped", why="w"), run("run-resumed")]).stopped == ""
    assert progress([*begun, run("changes-accepted", steps=[])]).accepted == {"steps": []}


def test_what_belongs_to_the_run_makes_no_step() -> None:
    records = [run("run-started", run="1"), run("run-stopped", why="w"), run("run-resumed"), run("run-finished")]
    assert progress(records).steps == {}


STEPS = st.sampled_from(["hall", "attic"])
TEXT = st.sampled_from(["one", "two"])
ANY_DATA = st.fixed_dictionaries(
    {
        "check": TEXT,
        "when": st.sampled_from(["before", "after", "again"]),
        "verdict": st.sampled_from(["passed", "failed", "unknown"]),
        "attempt": st.integers(1, 9),
        "intent": st.just({}),
        "state": st.sampled_from(["happened", "did-not"]),
        "kind": TEXT,
        "reason": TEXT,
        "why": TEXT,
        "name": TEXT,
        "value": TEXT,
        "question": TEXT,
        "answer": TEXT,
        "claim": st.booleans(),
        "left": st.lists(TEXT, max_size=2),
        "leftover": st.sampled_from(["", "crumbs"]),
    }
)
EVENTS = st.sampled_from(
    [
        "run-started",
        "changes-accepted",
        "run-finished",
        "run-abandoned",
        "run-resumed",
        "run-reopened",
        "run-stopped",
        "fact-found",
        "answer-given",
        "step-started",
        "check-made",
        "action-intended",
        "undo-intended",
        "by-hand",
        "action-done",
        "undo-done",
        "action-failed",
        "undo-failed",
        "settled",
        "step-done",
        "step-skipped",
        "step-reopened",
        "decided",
        "of-a-later-version",
    ]
)
RECORDS = st.lists(st.builds(Said, EVENTS, STEPS, ANY_DATA), max_size=15)


@settings(max_examples=40)
@given(RECORDS, st.integers(0, 15))
def test_a_beginning_and_then_the_rest_add_up_to_the_whole(records: list[Said], cut: int) -> None:
    now = progress(records[:cut])
    for record in records[cut:]:
        now = folded(now, record)
    assert now == progress(records)


@settings(max_examples=40)
@given(RECORDS, RECORDS)
def test_folding_on_leaves_what_was_folded_as_it_was(records: list[Said], more: list[Said]) -> None:
    before = progress(records)
    now = before
    for record in more:
        now = folded(now, record)
    assert before == progress(records)


@settings(max_examples=40)
@given(RECORDS)
def test_one_step_never_changes_another(records: list[Said]) -> None:
    alone = progress(record for record in records if record.step == "hall")
    assert progress(records).of("hall").stage == alone.of("hall").stage
    assert progress(records).of("hall").dangling == alone.of("hall").dangling


def a_journal(path: Path) -> list[Progress]:
    """A journal of a step that was switched on, and where the run stood after each of its lines."""
    journal = Journal.create(path, {"run": "7f3a"}, clock=FixedClock(), redactor=Redactor())
    for record in (STARTED, looked("failed", "before"), INTENDED, Said("action-done", data={"left": ["w"]})):
        journal.append(record.event, record.step, record.data)
    journal.append("step-done", "hall", {"kind": "witnessed"})
    journal.close()
    return [progress(read(path)[:count]) for count in range(1, len(read(path)) + 1)]


def test_a_journal_cut_anywhere_stands_where_its_last_whole_line_stood(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    stood = a_journal(path)
    whole = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for length in {ends[0], *range(ends[0], len(whole), 23), *(end - 1 for end in ends[1:]), *ends}:
        path.write_bytes(whole[:length])
        assert progress(read(path)) == stood[whole[:length].count(b"\n") - 1]


def test_where_a_run_stands_is_the_same_whether_it_was_kept_or_read_again(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    stood = a_journal(path)[-1]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert progress(Said(r["event"], r["step"], r["data"], r["at"]) for r in lines) == stood
