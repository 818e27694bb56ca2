"""A rotation in a process of its own, watched after every record, and killed where the test says.

`python -m tests.rotation.walked ROOT STATE OLD POINT REPORT`: POINT is `record:N`, `effect:N`, `after:EVENT/STEP` or
`never`; REPORT gets one JSON object: records and effects so far, and what was broken, after which record.
"""

import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.rotation.stores import Stores, broken
from zotops import doors, journal
from zotops.commands.operators import screen_for
from zotops.commands.walking import walk
from zotops.commands.wanted import Wanted
from zotops.errors import CheckFailed, Stop, Unreachable
from zotops.lab.hands import Hands
from zotops.lab.operator import LeftOpen, PracticeOperator
from zotops.model import Verdict
from zotops.profile_file import read_profile
from zotops.redaction import Redactor
from zotops.runbooks import RUNBOOKS

CHANGING = ("POST", "PUT", "DELETE", "PATCH")
# Children that change something: an edit of the vault, and the play.
EFFECTS = (("op", "item", "edit"), ("mise", "run"), ("kubectl",))


class Watcher:
    """Counts records and effects, looks at the stores after each record, and kills this process at its point."""

    def __init__(self, root: Path, state: Path, old: str, point: str, report: Path) -> None:
        self.stores, self.state, self.old, self.report = Stores(root), state, old, report
        self.kind, _, self.place = point.partition(":")
        self.counted: dict[str, int] = {"record": 0, "effect": 0}
        self.told: list[str] = []
        self.broken: list[str] = []
        self.broken_in: set[str] = set()
        self.armed = False

    def after_record(self, record: journal.Record) -> None:
        self.armed = self.armed or (record.event, record.step) == ("step-done", "arm")
        wrong = broken(self.stores, self.old, armed=self.armed, folders=(self.state,))
        self.broken += [f"after {record.n} {record.event} {record.step}: {each}" for each in wrong]
        self.broken_in |= {record.step} if wrong else set()
        self._count("record", f"{record.event} {record.step}")
        if self.kind == "after" and self.place == f"{record.event}/{record.step}":
            os.kill(os.getpid(), signal.SIGKILL)

    def after_effect(self, what: str) -> None:
        self._count("effect", what)

    def _count(self, kind: str, what: str) -> None:
        self.counted[kind] += 1
        if self.kind in {kind, "never"}:
            self.told.append(f"{kind}:{self.counted[kind]} {what}")
        self.report.write_text(json.dumps({**self.counted, "broken": self.broken, "told": self.told}))
        if (self.kind, self.place) == (kind, str(self.counted[kind])):
            os.kill(os.getpid(), signal.SIGKILL)


def watch(watcher: Watcher, change: Callable[[Any, str, Any], None] = setattr) -> None:
    """Let the real doors and the real journal tell the watcher what they have done."""
    append, send, run = journal.Journal.append, doors.RealHttp.send, doors.RealPrograms.run

    @functools.wraps(append)
    def appended(self: journal.Journal, *given: Any, **named: Any) -> journal.Record:
        record = append(self, *given, **named)
        watcher.after_record(record)
        return record

    @functools.wraps(send)
    def sent(self: doors.RealHttp, method: str, url: str, **named: Any) -> Any:
        reply = send(self, method, url, **named)
        # The probes are refused before anything is stored.
        if method in CHANGING and "/v2/" not in url and "0-no-such-name" not in url:
            watcher.after_effect(f"{method} {url.partition('?')[0].partition('://')[2].partition('/')[2]}")
        return reply

    @functools.wraps(run)
    def ran(self: doors.RealPrograms, argv: Any, **named: Any) -> Any:
        done = run(self, argv, **named)
        if any(tuple(argv[: len(words)]) == words for words in EFFECTS):
            watcher.after_effect(" ".join(argv[:3]))
        return done

    change(journal.Journal, "append", appended)
    change(doors.RealHttp, "send", sent)
    change(doors.RealPrograms, "run", ran)


def rotate(
    root: Path,
    state: Path,
    said: list[str],
    *,
    name: str = "rotate-key",
    meanwhile: Mapping[str, Callable[[], None]] | None = None,
    by_hand: Sequence[str] = (),
    wanted: Wanted | None = None,
) -> int:
    """Walk, resuming what was begun; the run's own exit code. Why it stopped is added to `said`."""
    profile, redactor = read_profile(root / "profile.toml"), Redactor()
    operator = PracticeOperator(
        screen=screen_for(profile, again="again", redact=redactor.redact),
        hands=Hands(root),
        meanwhile=meanwhile or {},
        by_hand=tuple(by_hand),
    )
    try:
        return walk(
            name=name,
            runbook=RUNBOOKS[name](profile),
            profile=profile,
            operator=operator,
            wanted=wanted or Wanted(),
            redactor=redactor,
            folder=state,
        )
    except LeftOpen as left:
        red = [s for s, evidence in left.offer.verdicts.items() if evidence.verdict is Verdict.FAILED]
        said += [f"{left.offer.step.id}: {sentence}" for sentence in red]
        return CheckFailed.exit_code if red else Unreachable.exit_code
    except Stop as stop:
        said.append(str(stop))
        return stop.exit_code


def main() -> int:
    """One rotation, watched."""
    root, state, old, point, report = sys.argv[1:]
    watch(Watcher(Path(root), Path(state), old, point, Path(report)))
    said: list[str] = []
    code = rotate(Path(root), Path(state), said)
    sys.stderr.write("\n".join(said))
    return code


if __name__ == "__main__":
    sys.exit(main())
