"""A tiny world for tests of the engine: lamps that can be switched on, and a runbook that does it."""

# ruff: noqa: ARG002 - the Protocols decide about the arguments

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zotops.errors import ActionFailed, Unreachable
from zotops.journal import Journal
from zotops.ledger import Ledger
from zotops.model import (
    Action,
    Attempt,
    Check,
    Evidence,
    Fact,
    Facts,
    Intent,
    Login,
    Look,
    Outcome,
    Question,
    Runbook,
    Settled,
    State,
    Step,
    judged,
)
from zotops.operator import Decision, Found, Offer, Operator, Shown
from zotops.redaction import Redactor
from zotops.runner import Bounds, Runner
from zotops.world import Finished, Reply, Secret, SecretRef, World

LAMP_MADE = Fact("lamp-made")


@dataclass
class Lamps:
    """Which lamps are on, and how they misbehave; `stuck` lamps stay off, `silent` ones cannot be asked."""

    on: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    breaks_after: Callable[[str], None] = lambda _: None
    breaks_before: Callable[[str], None] = lambda _: None
    kept: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IsOn(Check):
    lamps: Lamps
    name: str
    finding: bool = False
    until: str = ""
    trace: str = ""
    tries: SecretRef | None = None

    def __str__(self) -> str:
        return f"lamp {self.name} is on"

    @property
    def look(self) -> Look:
        return Look(command=f"look at {self.name}", want="light")

    @property
    def advisory(self) -> bool:
        return self.finding

    @property
    def unknown_until(self) -> str:
        return self.until

    @property
    def leaves(self) -> str:
        return self.trace

    @property
    def logins(self) -> tuple[Login, ...]:
        return (Login("keeper", self.tries),) if self.tries else ()

    def run(self, world: World, facts: Facts) -> Evidence:
        if self.name in self.lamps.silent:
            raise Unreachable(f"lamp {self.name} is behind a wall", remedy="open the door")
        on = self.name in self.lamps.on
        return judged(on, expected="light", observed="light" if on else "dark", likely="off", remedy="switch it on")


@dataclass(frozen=True, kw_only=True)
class TurnOn(Action):
    lamps: Lamps
    name: str
    final: bool = False

    def __str__(self) -> str:
        return f"switches lamp {self.name} on"

    @property
    def irreversible(self) -> Fact | None:
        return LAMP_MADE if self.final else None

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        return {"lamp": self.name, "label": attempt.label}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        self.lamps.breaks_before(self.name)
        if self.name in self.lamps.stuck:
            raise ActionFailed(f"lamp {self.name} is stuck", remedy="oil it")
        world.tell("switched", self.name)
        self.lamps.on.add(self.name)
        self.lamps.breaks_after(self.name)
        return Outcome(facts={LAMP_MADE: f"lamp-{self.name}-0042"}, left=(f"warmth of {self.name}",))

    def settle(self, world: World, intent: Intent) -> Settled:
        if intent["lamp"] in self.lamps.silent:
            return Settled(state=State.CANNOT_TELL, how=f"look behind the wall at lamp {intent['lamp']}")
        happened = intent["lamp"] in self.lamps.on
        return Settled(state=State.HAPPENED if happened else State.DID_NOT)


@dataclass(frozen=True, kw_only=True)
class TurnOff(TurnOn):
    def __str__(self) -> str:
        return f"switches lamp {self.name} off"

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        self.lamps.on.discard(self.name)
        self.lamps.breaks_after(f"undo {self.name}")
        return Outcome()

    def settle(self, world: World, intent: Intent) -> Settled:
        return Settled(state=State.DID_NOT if intent["lamp"] in self.lamps.on else State.HAPPENED)


def lamp_step(lamps: Lamps, name: str, **changes: Any) -> Step:
    """A step that switches one lamp on, by zotops or by hand."""
    step = Step(
        id=name,
        title=f"Switch {name} on",
        why="It is dark.",
        instructions=f"Press the switch of {name}.",
        action=TurnOn(lamps=lamps, name=name),
        undo=TurnOff(lamps=lamps, name=name),
        checks=(IsOn(lamps=lamps, name=name),),
        safe_to_stop="It stays as it is.",
        back=f"`invoke lamps --undo {name}`",
    )
    return replace(step, **changes)


def lamp_runbook(*steps: Step) -> Runbook:
    return Runbook(title="Light the house", purpose="See something.", steps=steps)


@dataclass
class Script:
    """An operator that decides from a list, and remembers what it was shown."""

    decisions: list[Decision]
    answers: dict[str, str] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)

    def show(self, what: Shown) -> None:
        self.shown.append(what)

    def decide(self, offer: Offer) -> Decision:
        self.offers.append(offer)
        if not self.decisions:
            msg = f"the script has ended, and {offer.step.id} offers {offer.choices}"
            raise AssertionError(msg)
        decision = self.decisions.pop(0)
        assert decision in offer.choices, (decision, offer.choices)
        return decision

    def ask(self, question: Question) -> str:
        return self.answers[question.id]

    def found(self, when: str) -> list[str]:
        return [f"{f.check}: {f.evidence.verdict.value}" for f in self.shown if isinstance(f, Found) and f.when == when]


class NoHttp:
    def send(self, method: str, url: str, **_given: Any) -> Reply:
        raise Unreachable(f"{method} {url}: there is no network here")


class NoPrograms:
    def find(self, name: str) -> str | None:
        return None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        timeout: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        raise Unreachable(f"{argv[0]} is not installed")


@dataclass
class Drawer:
    """A store of secrets in a dictionary; `reads` in the order in which they were asked for."""

    kept: dict[SecretRef, str] = field(default_factory=dict)
    reads: list[SecretRef] = field(default_factory=list)

    def read(self, ref: SecretRef) -> Secret:
        self.reads.append(ref)
        if ref not in self.kept:
            raise Unreachable(f"{ref} is not in the drawer")
        return Secret(self.kept[ref])

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        self.kept.update({SecretRef(item, name): value.reveal() if value else "" for name, value in fields.items()})

    def fingerprints(self, item: str) -> Mapping[str, str]:
        return {ref.field: str(len(value)) for ref, value in self.kept.items() if ref.item == item}

    def fingerprint(self, secret: Secret) -> str:
        return str(len(secret.reveal()))


@dataclass
class FixedClock:
    """Time that moves only by sleeping."""

    moment: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + self.moment, UTC)

    def ticks(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += seconds


@dataclass
class House:
    """Lamps, a journal on the disk, and calls that come and go."""

    folder: Path
    lamps: Lamps = field(default_factory=Lamps)
    drawer: Drawer = field(default_factory=Drawer)
    redactor: Redactor = field(default_factory=Redactor)

    @property
    def path(self) -> Path:
        return self.folder / "run.jsonl"

    @property
    def world(self) -> World:
        return World(
            http=NoHttp(),
            programs=NoPrograms(),
            secrets=self.drawer,
            clock=FixedClock(),
            register=self.redactor.register,
        )

    def runner(self, runbook: Runbook, operator: Operator) -> Runner:
        clock = FixedClock()
        if self.path.exists():
            journal = Journal.open(self.path, clock=clock, redactor=self.redactor)
        else:
            header = {"run": "7f3a", "runbook": "lamps", "registry": "house", "profile": "p", "operator": "me"}
            about = {"host": "here", "version": "0", "steps": [], "profile_content": {}}
            journal = Journal.create(self.path, {**header, **about}, clock=clock, redactor=self.redactor)
        return Runner(runbook, self.world, Ledger(journal, operator))

    def call(self, runbook: Runbook, *decisions: Decision, resumed: str = "", **options: Any) -> Script:
        """One call of the command, to its end or its Stop."""
        script = Script(list(decisions), answers=options.pop("answers", {}))
        self.runner(runbook, script).walk(Bounds(**options), resumed=resumed)
        return script

    def events(self) -> list[str]:
        """`step event` of every record but the looks."""
        records = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [f"{r['step']} {r['event']}".strip() for r in records if r["event"] != "check-made"]

    def record(self, event: str) -> list[dict[str, Any]]:
        """The data of every record of an event."""
        records = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [r["data"] for r in records if r["event"] == event]
