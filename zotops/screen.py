"""What a run looks like on a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from zotops.model import Evidence, Step, Verdict
from zotops.operator import (
    ByHand,
    Found,
    LookCloser,
    RunBegins,
    RunEnds,
    Shown,
    StepBegins,
    StepEnds,
    Told,
)
from zotops.redaction import printable

WIDTH = 80
DEEPEST = 23
GLUE = "\N{NO-BREAK SPACE}"
PARAGRAPHS = re.compile(r"\n(?= *\n| *(?:\d+\.|-) )")
POINT = re.compile(r"\A *(?:(?:\d+\.|-) )?")
COMMAND = re.compile(r"`[^`]+`")
SYMBOLS = {
    Verdict.PASSED: ("✓", "ok", "green"),
    Verdict.FAILED: ("✗", "RED", "red"),
    Verdict.UNKNOWN: ("?", "?", "yellow"),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a screen says of where it is: the registry's host, the profile's name, and PRACTICE or nothing."""

    registry: str
    profile: str
    mark: str = ""


@dataclass(kw_only=True)
class Screen:
    """Prints a run. Text from outside is redacted, freed of control characters, and never read as markup."""

    place: Place
    redact: Callable[[str], str]
    again: str
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    held: int = 0
    before: list[Found] = field(default_factory=list)

    def show(self, what: Shown) -> None:
        """One thing at a time, in the order in which it happens."""
        match what:
            case RunBegins():
                self._run_begins(what)
            case StepBegins():
                self._step_begins(what)
            case Found():
                self._found(what)
            case Told():
                self.hang(f"  {what.what:<20} ", what.result)
            case ByHand():
                self._block(what.step.by_hand)
            case LookCloser():
                self._look_closer(what.step)
            case StepEnds():
                self._step_ends(what)
            case RunEnds():
                self._run_ends(what)

    def say(self, line: str, style: str = "") -> None:
        """Print one line, redacted first and laid out after."""
        clean = printable(self.redact(line), keep="\n")
        encoding = self.console.encoding
        self.console.print(Text(clean.encode(encoding, "replace").decode(encoding), style=style))

    def lines(self, label: str, text: str, indent: int = 2) -> None:
        """A labelled text, wrapped below itself."""
        if text:
            self.hang(f"{' ' * indent}{f'{label} ':<10}", text)

    def hang(self, head: str, text: str, style: str = "") -> None:
        """A text after its head, wrapped below itself; words stay whole, so that they can be copied."""
        below = " " * min(len(head), DEEPEST)
        if len(head) > WIDTH // 2 and text:
            self.hang("  ", head.strip(), style)
            head = below
        rows = wrap(
            self.redact(text),
            WIDTH,
            initial_indent=head,
            subsequent_indent=below,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for row in rows or [head]:
            self.say(row.replace(GLUE, " ").rstrip(), style)

    def apart(self, parts: Iterable[str], between: str, head: str = "", style: str = "") -> None:
        """Parts on as few lines as they need, each in one piece."""
        self.hang(head, between.join(part.replace(" ", GLUE) for part in parts), style)

    def _run_begins(self, begins: RunBegins) -> None:
        where = (begins.runbook.title, self.place.registry, f"profile {self.place.profile}", f"run {begins.run}")
        self.apart(filter(None, (*where, self.place.mark)), "     ", style="bold")
        if begins.resumed:
            self.say(begins.resumed)
        done = sum(begins.done.values())
        counts = ", ".join(f"{number} {kind}" for kind, number in begins.done.items())
        standing = f"{done} of {begins.total} done: {counts}." if done else f"{begins.total} steps."
        self.say(f"{standing} Stop at any prompt; nothing is lost.")

    def _step_begins(self, begins: StepBegins) -> None:
        step, self.before = begins.step, []
        mark = " cannot be undone -" if step.action and step.action.irreversible else ""
        mark += f" {self.place.mark} -" if self.place.mark else ""
        head = f"-- {begins.position} of {begins.total}  {step.id} "
        self.say("\n" + head + "-" * max(2, WIDTH - len(head) - len(mark)) + mark, "bold")
        self.say(step.title + "\n")
        self.lines("why", step.why)
        if step.action:
            self.lines("zotops", str(step.action))
        self.lines("stop", step.safe_to_stop)
        self.lines("back", step.back)
        mentioned = {fact: value for fact, value in begins.facts.items() if str(fact) in step.instructions}
        for fact, value in mentioned.items():
            self.lines(fact.name, value)
        self.say("")

    def _step_ends(self, ends: StepEnds) -> None:
        if ends.kind == "found done":
            for found in self.before:
                self._evidence(found)
        self.say(f"\n  {ends.kind.capitalize()}. {ends.position} of {ends.total}.")

    def _found(self, found: Found) -> None:
        if found.when == "before":
            self.before.append(found)
        elif found.when in ("after", "now") or found.evidence.verdict is Verdict.FAILED:
            self._evidence(found)

    def _evidence(self, found: Found) -> None:
        evidence = found.evidence
        symbol, word, style = SYMBOLS[evidence.verdict]
        finding = found.check.advisory and evidence.verdict is Verdict.FAILED
        if finding:
            word, style = "finding", "yellow"
        mark = symbol if self.has_symbols() and not finding else word
        text = str(found.check)
        if evidence.verdict is Verdict.PASSED:
            observed = " ".join(evidence.observed.split())
            before = f"   before: {found.before}" if found.before and found.before != "passed" else ""
            if len(f"  {mark} {text:<43}  {observed}{before}") <= WIDTH:
                return self.say(f"  {mark} {text:<43}  {observed}{before}", style)
            self.hang(f"  {mark} ", f"{text}{before}", style)
            return self.lines("", observed, 4)
        self.hang(f"  {mark} ", text, style)
        return self._details(evidence)

    def _details(self, evidence: Evidence) -> None:
        at = f", {evidence.at:%H:%M:%S}" if evidence.at else ""
        for label, text in (
            ("expected", evidence.expected),
            ("observed", evidence.observed + at),
            ("twin", evidence.twin),
            ("likely", evidence.likely),
            ("remedy", evidence.remedy),
        ):
            self.lines(label, text, 6)

    def _look_closer(self, step: Step) -> None:
        for found in self.before:
            self._evidence(found)
        for check in step.checks:
            self.hang("  ", str(check))
            self.lines("look with", check.look.command, 6)
            self.lines("want", check.look.want, 6)
            for other in check.look.otherwise:
                self.lines("otherwise", f"{other.answer}: {other.means}", 6)

    def _block(self, text: str) -> None:
        """Instructions: points hang, and a command stays in one piece, to be copied."""
        for paragraph in PARAGRAPHS.split(self.redact(text)):
            if paragraph.startswith("\n") or not paragraph:
                self.say("")
            mark = "".join(POINT.findall(paragraph.lstrip("\n")))
            words = " ".join(paragraph.lstrip("\n")[len(mark) :].split())
            if words:
                self.hang(f"  {mark}", COMMAND.sub(lambda command: command[0].replace(" ", GLUE), words))
        self.say("")

    def _run_ends(self, ends: RunEnds) -> None:
        counts = ", ".join(f"{number} {kind}" for kind, number in (ends.counts or {}).items())
        if not ends.why:
            self.say(f"\nDone. {counts}.", "bold")
        else:
            self.say("")
            why = f"{ends.why[0].upper()}{ends.why[1:]}."
            self.hang("", f"Stopped in {ends.step.id}. {ends.step.safe_to_stop}" if ends.step else why, "bold")
        for left in ends.left:
            self.lines("left", left)
        if ends.why:
            self.say(f"Go on: {self.again}")

    def has_symbols(self) -> bool:
        """Whether the terminal can show our symbols; a plain one gets words."""
        return self.console.encoding.lower().startswith("utf") and not self.console.is_dumb_terminal
