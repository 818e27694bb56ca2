"""A run as Markdown, JSON and JUnit: what was shown, what was only claimed, and what nobody looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zotops.asked_files import writing
from zotops.ledger import counts
from zotops.model import Box, Runbook, Step
from zotops.progress import Progress, Recorded, StepProgress, progress
from zotops.redaction import printable

PASSED = "passed"


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What a report is made from. `head`: hash of the journal's last line, to be kept elsewhere."""

    runbook: Runbook
    records: Sequence[Recorded]
    head: str

    @property
    def now(self) -> Progress:
        """Where the run stands."""
        return progress(self.records)


def markdown(run: Reported) -> str:
    """The report, ready to be pasted into a pull request."""
    now = run.now
    parts = [
        f"# {run.runbook.title}: run {now.run}",
        _summary(run, now),
        _about(run, now),
        *(_boxes(name, run.runbook, now) for name in dict.fromkeys(box.known_as for box in run.runbook.boxes)),
        "## Steps",
        *(_step(step, now) for step in run.runbook.steps),
        _listed("## Findings", _findings(now), "none"),
        _listed("## Left behind", now.leftovers, "nothing"),
        _listed("## Not checked", run.runbook.not_checked, "nothing named"),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(run: Reported, now: Progress) -> str:
    total = len(run.runbook.steps)
    totals = counts(run.runbook, now)
    kinds = ", ".join(f"{number} {kind}" for kind, number in totals.items()) or "none yet"
    end = {"finished": "Finished.", "abandoned": "Abandoned."}.get(now.ended, f"Not finished: {now.stopped or 'open'}.")
    witnessed = totals.get("witnessed", 0)
    return f"**{witnessed} of {total} steps witnessed** ({kinds}). {end}"


def _about(run: Reported, now: Progress) -> str:
    header = now.header
    return "\n".join(
        (
            f"- registry `{header['registry']}`, profile `{header['profile']}`",
            f"- by {header['operator']} on {header['host']}, zotops {header['version']}",
            f"- from {_moment(run.records[0].at)} to {_moment(now.last_at)} UTC",
            f"- journal's head `{run.head}`: `invoke runs --audit {now.run} --head` with it shows any later change",
        )
    )


def _boxes(name: str, runbook: Runbook, now: Progress) -> str:
    lines = [_box(box, now) for box in runbook.boxes if box.known_as == name]
    return f"## {name}\n\n" + "\n".join(lines)


def _box(box: Box, now: Progress) -> str:
    seen = {sentence: found for sentence in box.shown_by if (found := last_seen(now, sentence))}
    shown = len(seen) == len(box.shown_by) and all(found["verdict"] == PASSED for found in seen.values())
    known = box.fact is None or box.fact in now.facts
    lines = [f"- [{'x' if shown and known else ' '}] {box.text}"]
    for sentence in box.shown_by:
        found = seen.get(sentence)
        said = f"{found['verdict']}: {_line(found['observed'])} ({_moment(found['at'])})" if found else "not looked at"
        lines.append(f"  - {sentence}: {said}")
    if box.fact is not None:
        claimed = now.claims.get(box.claim, "")
        instead = f"*claimed* by {now.header['operator']}: {_line(claimed)}" if claimed else "not shown in this run"
        lines.append(f"  - {_line(now.facts[box.fact]) if box.fact in now.facts else instead}")
    return "\n".join(lines)


def last_seen(now: Progress, sentence: str) -> Mapping[str, Any] | None:
    """The last time that this check was made, in whichever step."""
    found = [step.last[sentence] for step in now.steps.values() if sentence in step.last]
    return max(found, key=lambda made: int(made["n"])) if found else None  # not by time: clocks are set back


def _step(step: Step, now: Progress) -> str:
    at = now.of(step.id)
    head = f"### {step.id}: {step.title}\n\n{_how(at)}"
    rows = [
        f"| {_cell(sentence)} | {at.before.get(sentence, '-')} | {found['verdict']} | {_cell(_observed(found))} |"
        for sentence, found in at.last.items()
    ]
    return (
        "\n".join((head, "", "| check | before | now | observed |", "| --- | --- | --- | --- |", *rows))
        if rows
        else head
    )


def _how(at: StepProgress) -> str:
    match at.stage:
        case "done":
            return f"**{at.kind.capitalize()}**, {_moment(at.finished_at)}."
        case "skipped":
            return f"**Skipped**: {_line(at.reason)}"
        case "started":
            return "**Begun, not done.**"
    return f"**Open.** {_line(at.reason)}".rstrip()


def _observed(found: Mapping[str, Any]) -> str:
    at = _moment(found["at"])
    parts = [f"{found['observed']} ({at})", f"twin: {found['twin']}" if found["twin"] else ""]
    if found["verdict"] != PASSED:
        parts += [f"expected: {found['expected']}", f"likely: {found['likely']}", f"remedy: {found['remedy']}"]
    return "; ".join(part for part in parts if part and not part.endswith(": "))


def _findings(now: Progress) -> list[str]:
    return [
        f"{sentence}: {found['observed']}. Remedy: {found['remedy']}"
        for step in now.steps.values()
        for sentence, found in step.last.items()
        if found["advisory"] and found["verdict"] == "failed"
    ]


def _listed(head: str, items: Sequence[str], empty: str) -> str:
    return head + "\n\n" + ("\n".join(f"- {_line(item)}" for item in items) if items else empty.capitalize() + ".")


def _line(text: str) -> str:
    """Text from outside as one line of Markdown: it forges no item, and hides nothing behind an HTML tag."""
    return " ".join(printable(text, keep="\n\t").split()).replace("<", "&lt;")


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _moment(at: str) -> str:
    return at[:19].replace("T", " ")


def as_json(run: Reported) -> str:
    """The same as one JSON document: run, steps with their checks, boxes, leftovers, findings."""
    now = run.now
    steps = [
        {
            "id": step.id,
            "title": step.title,
            "stage": (at := now.of(step.id)).stage,
            "kind": at.kind,
            "reason": at.reason,
            "checks": [{**found, "before": at.before.get(name, "")} for name, found in at.last.items()],
        }
        for step in run.runbook.steps
    ]
    boxes = [
        {"list": box.known_as, "text": box.text, "ticked": _box(box, now).startswith("- [x]")}
        for box in run.runbook.boxes
    ]
    header = {k: v for k, v in now.header.items() if k not in ("profile_content", "steps")}
    document = {
        **header,
        "head": run.head,
        "ended": now.ended,
        "steps": steps,
        "boxes": boxes,
        "findings": _findings(now),
        "left": list(now.leftovers),
        "not_checked": list(run.runbook.not_checked),
    }
    return json.dumps(document, indent=2) + "\n"


def write_junit(run: Reported, path: Path) -> None:
    """One test case a check: failed is a failure, unknown an error, a finding or an unmade check is skipped."""
    from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

    xml = JUnitXml()
    for step in run.runbook.steps:
        suite, last = TestSuite(step.id), run.now.of(step.id).last
        for check in step.checks:
            found = last.get(str(check), {})
            case = TestCase(str(check), classname=f"{run.now.header['runbook']}.{step.id}", time=found.get("took"))
            if not found:
                case.result = [Skipped("not looked at")]
            elif found["verdict"] == "unknown":
                case.result = [Error(printable(_observed(found), keep="\n\t"))]
            elif found["verdict"] == "failed":
                said = printable(_observed(found), keep="\n\t")
                case.result = [Skipped(f"finding: {said}") if found["advisory"] else Failure(said)]
            suite.add_testcase(case)
        xml.add_testsuite(suite)
    with writing(path):
        xml.write(str(path), pretty=True)
