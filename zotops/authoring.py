"""What an author of a runbook can get wrong, said before anybody walks it."""

from collections.abc import Sequence

from zotops.model import Runbook, Step


def problems(runbook: Runbook) -> list[str]:
    """Every authoring mistake of a runbook, one sentence each; empty when there is none."""
    ids = [step.id for step in runbook.steps]
    found = [f"step id {name!r} is used twice" for name in sorted({n for n in ids if ids.count(n) > 1})]
    sentences = {str(check) for step in runbook.steps for check in step.checks}
    found += [
        f"box {box.text!r} is shown by {sentence!r}, which no check says"
        for box in runbook.boxes
        for sentence in box.shown_by
        if sentence not in sentences
    ]
    for step in runbook.steps:
        found += [f"step {step.id!r}: {problem}" for problem in _problems_of(step, ids)]
    return found


def _problems_of(step: Step, ids: Sequence[str]) -> list[str]:
    wanted = {
        "title": step.title,
        "why": step.why,
        "instructions": step.instructions,
        "safe_to_stop": step.safe_to_stop,
    }
    found = [f"{name} is empty" for name, text in wanted.items() if not text.strip()]
    if not step.checks and not step.asks:
        found.append("nothing can show it done: it has neither a check nor a question")
    if step.look_only and (step.action or step.asks or step.undo):
        found.append("a step that only looks has no action, no question and no undo")
    if step.undo and "--undo " not in step.back:
        found.append("it has an undo, and `back` does not say how to call that")
    sentences = [str(check) for check in step.checks]
    found += [f"two checks say {text!r}" for text in sorted({s for s in sentences if sentences.count(s) > 1})]
    later = ids[ids.index(step.id) + 1 :] if step.id in ids else []
    found += [
        f"check {str(check)!r} may be unknown until {check.unknown_until!r}, which is no later step"
        for check in step.checks
        if check.unknown_until and check.unknown_until not in later
    ]
    return found
