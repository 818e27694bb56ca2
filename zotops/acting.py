"""Takes an action, so that a crash at any moment leaves enough to tell afterwards whether it happened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from zotops.errors import ActionFailed, Stop, Uncertain
from zotops.ledger import Ledger
from zotops.model import Action, Attempt, Fact, Question, Runbook, Settled, State, Step
from zotops.world import World


def act(ledger: Ledger, world: World, step: Step, *, undo: bool = False) -> None:
    """Record the intent, act, record the end. Uncertain when only a look can tell whether it happened."""
    action = step.undo if undo else step.action
    kind = "undo" if undo else "action"
    if action is None:
        raise ActionFailed(f"{step.id} has no {kind}", remedy="do it by hand")
    _confirm(ledger, step, action)
    attempt = Attempt(run=ledger.now.run, number=ledger.now.attempts + 1)
    listening = replace(world, tell=ledger.tell)
    intent = dict(action.intent(listening, ledger.now.facts, attempt))
    ledger.record(f"{kind}-intended", step.id, {"action": str(action), "attempt": attempt.number, "intent": intent})
    try:
        outcome = action.perform(listening, intent, ledger.now.facts)
    except Stop as stop:
        ledger.found(step.id, {Fact(name): value for name, value in stop.found.items()})
        if isinstance(stop, ActionFailed):
            ledger.record(f"{kind}-failed", step.id, {"why": str(stop)})
            raise
        what = f"{step.id}: uncertain whether it happened: {stop.what}"
        raise Uncertain(what, remedy="call again: it is looked up first, and nothing is sent twice") from stop
    try:
        # Facts first: cut off before its end is recorded the action is settled, and finds them again; later none would.
        ledger.found(step.id, {**action.forgets, **outcome.facts})
        ledger.record(f"{kind}-done", step.id, {"left": list(outcome.left)})
    except Stop as stop:
        raise Uncertain(f"{step.id}: it happened, unrecorded: {stop.what}", remedy=stop.remedy) from stop


def _confirm(ledger: Ledger, step: Step, action: Action) -> None:
    if action.irreversible is None:
        return
    value = ledger.now.facts.get(action.irreversible, "")
    if not value:
        raise ActionFailed(f"{step.id}: {action.irreversible} is not known", remedy="the steps before it find it out")
    prompt = f"This cannot be undone. To go on with ..{value[-4:]} type those four, or q"
    ledger.operator.ask(Question(id="confirm", prompt=prompt, form=re.escape(value[-4:])))


def settle_dangling(ledger: Ledger, world: World, runbook: Runbook) -> Sequence[Step]:
    """Find out about every action that was intended and of which no end is recorded; the steps that were being undone.

    Such a step may be taken back in part, whatever is found out.
    """
    undoing = []
    for step in runbook.steps:
        dangling = ledger.now.of(step.id).dangling
        if dangling is None:
            continue
        action = step.undo if dangling.kind == "undo" else step.action
        if action is None:
            settled = Settled(state=State.CANNOT_TELL, how="the runbook no longer has that action")
        else:
            ledger.tell(f"{step.id}: begun at {dangling.at}, no end recorded", "looking, changing nothing")
            settled = action.settle(replace(world, tell=ledger.tell), dangling.intent)
        settle(ledger, step, settled, by="zotops")
        if dangling.kind == "undo":
            undoing.append(step)
    return undoing


def settle(ledger: Ledger, step: Step, settled: Settled, *, by: str) -> None:
    """Record what became of a dangling action. Uncertain, with what a person has to find out, when nobody can tell."""
    if settled.state is State.CANNOT_TELL:
        remedy = f"{settled.how or 'look at the place itself'}; then add --settled {step.id}=happened, or =did-not"
        raise Uncertain(f"{step.id}: it cannot be told from here whether it happened", remedy=remedy)
    dangling = ledger.now.of(step.id).dangling
    data = {"state": settled.state.value, "by": by, "leftover": settled.leftover, "left": list(settled.outcome.left)}
    undoing = dangling is not None and dangling.kind == "undo"
    action = step.undo if undoing else step.action
    ledger.found(step.id, {**(action.forgets if action else {}), **settled.outcome.facts})
    ledger.record("settled", step.id, data)
    happened = settled.state is State.HAPPENED
    ledger.tell(f"{step.id}: it {'happened' if happened else 'did not happen'}", settled.leftover)
