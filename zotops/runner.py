"""Walks an Operator through a Runbook, step by step, and writes everything down before it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from zotops.acting import act, settle_dangling
from zotops.errors import CheckFailed, Interrupted, NeedsAPerson, Stop, Unreachable, UsageIsWrong
from zotops.ledger import Ledger, counts
from zotops.looking import counted, look
from zotops.model import Check, Evidence, Question, Runbook, Step, Verdict
from zotops.operator import (
    ByHand,
    Decision,
    Found,
    LookCloser,
    Offer,
    RunBegins,
    RunEnds,
    StepBegins,
    StepEnds,
)
from zotops.world import Secret, World

GO_ON = "call again to go on; nothing is lost"
Looked = Mapping[str, tuple[Check, Evidence]]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Which part of a runbook a call walks; step ids, empty for no bound."""

    only: str = ""
    until: str = ""


class Runner:
    """One call's walk through a run. All state is in the journal."""

    def __init__(self, runbook: Runbook, world: World, ledger: Ledger) -> None:
        self.runbook = runbook
        self.world = world
        self.ledger = ledger
        self.operator = ledger.operator
        self._goes_on = False

    def walk(self, bounds: Bounds, *, resumed: str = "", undoing: Sequence[Step] = ()) -> None:
        """Take the steps in order, to the end or to a bound. A Stop is recorded before it leaves.

        `undoing`: steps whose undo was begun, and of which somebody has just said what became of it.
        """
        self._guarded(lambda: self._walk(bounds, resumed, undoing), resumed)

    def undo(self, step_id: str) -> None:
        """Take a step back by its own undo; reopen it, and every later step that no longer holds."""
        self._guarded(lambda: self._undo(self._known(step_id)), "")

    def finish_again(self) -> None:
        """A run that was reopened for an undo which did not begin is finished still: no later call goes on with it."""
        now = [self.ledger.now.of(step.id) for step in self.runbook.steps]
        if all(step.stage in ("done", "skipped") and not step.dangling for step in now):
            self.ledger.record("run-finished", "", {"counts": dict(counts(self.runbook, self.ledger.now))})

    def hold_again(self, steps: Iterable[Step]) -> None:
        """Look again at done steps; one that no longer holds is reopened."""
        steps, begun = list(steps), self.world.clock.ticks()
        for step in steps:
            seen = self._look(step, "again")
            red = [sentence for sentence, (check, found) in seen.items() if counted(check, found) is Verdict.FAILED]
            if red:
                self.ledger.record("step-reopened", step.id, {"why": f"no longer holds: {'; '.join(red)}"})
                self.ledger.tell(f"{step.id} is open again, it no longer holds", "; ".join(red))
        holding = sum(self.ledger.now.of(step.id).stage == "done" for step in steps)
        took = self.world.clock.ticks() - begun
        self.ledger.tell(f"{holding} of {len(steps)} done steps that must go on holding still do", f"({took:.1f} s)")

    # -- the walk ------------------------------------------------------------------------------------------------------

    def _walk(self, bounds: Bounds, resumed: str, undoing: Sequence[Step]) -> None:
        for step in (*undoing, *settle_dangling(self.ledger, self.world, self.runbook)):
            self._look_again_from(step)
        if resumed:
            self.hold_again(s for s in self._in_stage("done") if s.holds == "always")
        for step in self._within(bounds):
            if step.id == bounds.only and self.ledger.now.of(step.id).stage in ("done", "skipped"):
                self.ledger.record("step-reopened", step.id, {"why": "asked for by --step"})
            self._step(step)
            if step.id == bounds.until:
                return self._end(f"ended after {step.id}, as asked")
        return self._end(f"only {bounds.only} was asked for") if bounds.only else self._close()

    def _undo(self, step: Step) -> None:
        if step.undo is None:
            raise UsageIsWrong(f"step {step.id} has no undo", remedy=step.back or "its page says how to go back")
        settle_dangling(self.ledger, self.world, self.runbook)
        if self.ledger.now.of(step.id).stage == "todo":
            raise UsageIsWrong(f"step {step.id} was not begun in this run", remedy="there is nothing to take back")
        act(self.ledger, self.world, step, undo=True)
        self._look_again_from(step)
        self._end(f"{step.id} is undone")

    def _look_again_from(self, undone: Step) -> None:
        """Of what may rest on a step that was taken back, what was tried begins anew, and what is done has to hold."""
        rest = self.runbook.steps[self.runbook.steps.index(undone) :]
        for step in rest:
            if step in self._in_stage("started") and self.ledger.now.of(step.id).acted:
                self.ledger.record("step-reopened", step.id, {"why": f"{undone.id} was taken back"})
        self.hold_again(step for step in rest if step in self._in_stage("done"))

    def _look_again_after(self, step: Step) -> None:
        """What is done already, and comes after a step that was taken again, has to hold."""
        later = self.runbook.steps[self.runbook.steps.index(step) + 1 :]
        if rest := [each for each in later if each in self._in_stage("done")]:
            self.hold_again(rest)

    def _guarded(self, work: Callable[[], None], resumed: str) -> None:
        now, steps = self.ledger.now, self.runbook.steps
        begins = RunBegins(
            runbook=self.runbook, run=now.run, done=counts(self.runbook, now), total=len(steps), resumed=resumed
        )
        self.operator.show(begins)
        try:
            work()
        except KeyboardInterrupt as interrupt:
            self._stop("interrupted", Interrupted.exit_code)
            raise Interrupted("interrupted", remedy=GO_ON) from interrupt
        except Stop as stop:
            self._stop(stop.what, stop.exit_code)
            raise

    def _within(self, bounds: Bounds) -> Sequence[Step]:
        for name in filter(None, (bounds.only, bounds.until)):
            self._known(name)
        if not bounds.only:
            return self.runbook.steps
        step = self._known(bounds.only)
        earlier = self.runbook.steps[: self.runbook.steps.index(step)]
        undone = [s.id for s in earlier if self.ledger.now.of(s.id).stage not in ("done", "skipped")]
        if undone:
            raise UsageIsWrong(f"--step {step.id}: not done yet: {', '.join(undone)}", remedy="do those first")
        return (step,)

    def _known(self, step_id: str) -> Step:
        try:
            return self.runbook.step(step_id)
        except KeyError as error:
            known = ", ".join(step.id for step in self.runbook.steps)
            raise UsageIsWrong(f"there is no step {step_id!r}", remedy=f"steps are {known}") from error

    def _in_stage(self, stage: str) -> list[Step]:
        return [step for step in self.runbook.steps if self.ledger.now.of(step.id).stage == stage]

    # -- one step ------------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        stage = self.ledger.now.of(step.id).stage
        if stage in ("done", "skipped"):
            return
        if stage == "todo":
            self.ledger.record("step-started", step.id, {"title": step.title})
        position, total = self._position(step)
        facts = self.ledger.now.facts
        self.operator.show(StepBegins(step=step, position=position, total=total, facts=facts))
        if step.look_only:
            self._look_until_good(step)
        else:
            self._do_until_good(step)
            self._look_again_after(step)

    def _look_until_good(self, step: Step) -> None:
        while True:
            seen = self._look(step, "after")
            if self._good(step, seen):
                return self._done(step, "observed")
            choices = (Decision.AGAIN, Decision.LOOK, Decision.SKIP, Decision.STOP)
            if self._choose(step, choices, seen, counts=True) is Decision.SKIP:
                return self._skip(step)

    def _do_until_good(self, step: Step) -> None:
        counts_now = self.ledger.now.of(step.id).acted
        seen = self._look(step, "after" if counts_now else "before")
        while not (counts_now and self._good(step, seen)):
            decision = self._choose(step, self._choices(step, seen, counts_now), seen, counts=counts_now)
            if decision is Decision.ACCEPT:
                return self._done(step, "found done")
            if decision is Decision.SKIP:
                return self._skip(step)
            if decision in (Decision.DO, Decision.GO_ON):
                act(self.ledger, self.world, step)
                self._ask(step, by_hand=False)
            elif decision is Decision.BY_HAND:
                self._by_hand(step)
            counts_now = True
            seen = self._look(step, "after")
            if decision is Decision.BY_HAND:
                self._empty(step, seen)
        return self._done(step, self._kind(step))

    def _choices(self, step: Step, seen: Looked, counts_now: bool) -> Sequence[Decision]:  # private
        first: tuple[Decision, ...] = ()
        if counts_now:
            first = (Decision.AGAIN,)
        elif seen and self._good(step, seen):
            first = (Decision.ACCEPT,)
        act_too = (Decision.DO, Decision.GO_ON) if step.action else ()
        return (*first, *act_too, Decision.BY_HAND, Decision.LOOK, Decision.SKIP, Decision.STOP)

    def _choose(self, step: Step, choices: Sequence[Decision], seen: Looked, *, counts: bool) -> Decision:
        """The operator's decision, or what `g` allows without asking; looking closer decides nothing."""
        self._goes_on = self._goes_on and not counts
        if self._goes_on and (Decision.ACCEPT in choices or step.action):
            return Decision.ACCEPT if Decision.ACCEPT in choices else Decision.DO
        verdicts = {sentence: evidence for sentence, (check, evidence) in seen.items() if not check.advisory}
        offer = Offer(step=step, choices=choices, verdicts=verdicts, counts=counts)
        while True:
            decision = self.operator.decide(offer)
            self.ledger.record("decided", step.id, {"decision": decision.name.lower().replace("_", "-")})
            if decision is Decision.STOP:
                raise NeedsAPerson(f"stopped in {step.id}", remedy=GO_ON)
            if decision is not Decision.LOOK:
                self._goes_on = decision is Decision.GO_ON
                return decision
            self.operator.show(LookCloser(step=step))

    def _by_hand(self, step: Step) -> None:
        self.ledger.record("by-hand", step.id, {})
        self.operator.show(ByHand(step=step))
        self._ask(step, by_hand=True)
        if not any(question.keep_as for question in step.asks):
            self._choose(step, (Decision.CHECK, Decision.LOOK, Decision.STOP), {}, counts=False)

    def _ask(self, step: Step, *, by_hand: bool) -> None:
        for question in step.asks:
            if question.claim and question.fact in self.ledger.now.facts:
                continue
            if question.keep_as and by_hand:
                self._keep(step, question)
            elif question.claim or (by_hand and not question.keep_as):
                answer = self.operator.ask(question)
                data = {"question": question.id, "answer": answer, "claim": question.claim}
                self.ledger.record("answer-given", step.id, data)
                self.ledger.found(step.id, {} if question.claim else {question.fact: answer})

    def _keep(self, step: Step, question: Question) -> None:
        """A secret answer is stored before anything else is asked; only then is it recorded that it was given."""
        if question.keep_as is None:
            return
        secret = Secret(self.operator.ask(question))
        self.world.register(secret)
        self.world.secrets.write(question.keep_as.item, {question.keep_as.field: secret})
        self.ledger.record("answer-given", step.id, {"question": question.id, "kept": str(question.keep_as)})

    def _empty(self, step: Step, seen: Looked) -> None:
        """A secret that was typed and then refused by a check is kept no longer: nothing may come to use it.

        A check that does not use it says nothing about it, and a mere finding does not refuse it.
        """
        red = [check for check, evidence in seen.values() if counted(check, evidence) is Verdict.FAILED]
        refused = {login.secret for check in red for login in check.logins}
        for question in step.asks:
            if question.keep_as in refused:
                self.world.secrets.write(question.keep_as.item, {question.keep_as.field: None})
                self.ledger.record(
                    "answer-withdrawn", step.id, {"question": question.id, "kept": str(question.keep_as)}
                )
                self.ledger.tell(f"{question.keep_as} is empty again", "nothing uses what was typed")

    def _skip(self, step: Step) -> None:
        reason = self.operator.ask(Question(id="reason", prompt=f"Why is {step.id} skipped?", form=r".*\S.*"))
        self.ledger.record("step-skipped", step.id, {"reason": reason})
        self._show_end(step, "skipped")

    # -- looking -------------------------------------------------------------------------------------------------------

    def _look(self, step: Step, when: str) -> Looked:
        """Make the step's checks and, after an action, earlier ones that could only be made from here on."""
        checks = [*step.checks, *(self._owed(step) if when == "after" else ())]
        before = self.ledger.now.of(step.id).before
        seen: dict[str, tuple[Check, Evidence]] = {}
        for check, evidence in look(checks, self.world, self.ledger.now.facts):
            seen[str(check)] = (check, evidence)
            self.ledger.checked(step.id, check, evidence, when)
            earlier = before.get(str(check), "") if when == "after" else ""
            self.operator.show(Found(check=check, evidence=evidence, when=when, before=earlier))
        return seen

    def _owed(self, step: Step) -> list[Check]:
        """Checks of earlier steps that were allowed to be UNKNOWN until this step."""
        return [
            check
            for earlier in self.runbook.steps[: self.runbook.steps.index(step)]
            for check in earlier.checks
            if check.unknown_until == step.id
            and self.ledger.now.of(earlier.id).last.get(str(check), {}).get("verdict") == Verdict.UNKNOWN.value
        ]

    def _good(self, step: Step, seen: Looked) -> bool:
        return all(
            counted(check, evidence) is Verdict.PASSED
            or (evidence.verdict is Verdict.UNKNOWN and check.unknown_until not in ("", step.id))
            for check, evidence in seen.values()
        )

    def _kind(self, step: Step) -> str:
        """Witnessed: red before and good now. Shown: not known before. Claimed: nothing can show it."""
        before = self.ledger.now.of(step.id).before
        deciding = [before.get(str(check), "") for check in step.checks if not check.advisory]
        if not deciding:
            return "claimed"
        return "witnessed" if Verdict.FAILED.value in deciding else "shown"

    # -- the end -------------------------------------------------------------------------------------------------------

    def _done(self, step: Step, kind: str) -> None:
        self.ledger.record("step-done", step.id, {"kind": kind})
        self._show_end(step, kind)

    def _show_end(self, step: Step, kind: str) -> None:
        position, total = self._position(step)
        self.operator.show(StepEnds(step=step, kind=kind, position=position, total=total))

    def _position(self, step: Step) -> tuple[int, int]:
        return self.runbook.steps.index(step) + 1, len(self.runbook.steps)

    def _close(self) -> None:
        """The run is finished when every step is done; a skipped one only if its checks pass all the same."""
        for step in self._in_stage("skipped"):
            seen = self._look(step, "after")
            if not self._good(step, seen):
                red = any(counted(check, found) is Verdict.FAILED for check, found in seen.values())
                kind = CheckFailed if red else Unreachable
                raise kind(f"{step.id} was skipped and its checks do not all pass", remedy="undo the skip: --step")
        self.ledger.record("run-finished", "", {"counts": dict(counts(self.runbook, self.ledger.now))})
        self._show_run_end("", None)

    def _end(self, why: str) -> None:
        self.ledger.record("run-stopped", "", {"why": why, "exit": 0})
        self._show_run_end(why, None)

    def _stop(self, why: str, code: int) -> None:
        try:
            self.ledger.record("run-stopped", "", {"why": why, "exit": code})
        except Stop as unrecorded:  # what the run stops for is said all the same
            self.ledger.tell("not recorded", f"that it stopped: {unrecorded.what}")
        self._show_run_end(why, next(iter(self._in_stage("started")), None))

    def _show_run_end(self, why: str, step: Step | None) -> None:
        now = self.ledger.now
        totals = counts(self.runbook, now)
        self.operator.show(RunEnds(run=now.run, why=why, step=step, counts=totals, left=now.leftovers))
