"""`invoke rehearse`: a runbook in the practice world, unattended; report and journal stay in ./rehearsal/."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from zotops.commands.lab import wanted_fault
from zotops.commands.operators import screen_for
from zotops.commands.outcomes import outcome, tell_stop
from zotops.commands.report import markdown_of
from zotops.commands.walking import Wanted, walk
from zotops.errors import CheckFailed, Stop, UsageIsWrong
from zotops.lab.faults import Fault
from zotops.lab.hands import Hands
from zotops.lab.operator import LeftOpen, PracticeOperator
from zotops.lab.world import find_zot, make, start
from zotops.model import Verdict
from zotops.profile_file import read_profile
from zotops.redaction import Redactor
from zotops.runbooks import RUNBOOKS
from zotops.runs import Run, all_runs

KEPT = Path("rehearsal")
NOT_CAUGHT = 5


def rehearse(*, runbook: str | None, fault: str | None) -> int:
    """0: as it should be. With a fault: 1 when its check turned red, 5 when something else stopped the run."""

    def command() -> int:
        broken = wanted_fault(fault)
        names = [runbook] if runbook else list(RUNBOOKS)
        if unknown := [name for name in names if name not in RUNBOOKS]:
            raise UsageIsWrong(f"there is no runbook {unknown[0]!r}", remedy=f"one of {', '.join(RUNBOOKS)}")
        return rehearse_in_a_world(names, broken)

    return outcome(command)


def rehearse_in_a_world(names: Sequence[str], broken: Fault | None) -> int:
    """Make a world, break it, walk the runbooks in it, and keep what is left of the last run."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zotops-lab-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        world = make(root, state=broken.state if broken else "open", zot=find_zot())
        with start(root):
            _say(f"PRACTICE. The registry is {_kind(world['registry']['kind'])}.")
            if broken:
                broken.breaks(root)
                _say(f"Broken on purpose: {broken.name}: {broken.wrong}")
            _say("")
            codes = [_walk(name, root, broken) for name in names]
        run = all_runs(root / "zotops")[-1]
        _keep(run)
    _say(f"\nIt took {time.monotonic() - began:.1f} s. Report and journal: {KEPT}/report.md, {KEPT}/journal.jsonl")
    return _judged(run, broken, max(codes)) if broken else max(codes)


def _walk(name: str, root: Path, broken: Fault | None) -> int:
    """Walk one runbook and return the run's own exit code."""
    profile, redactor = read_profile(root / "profile.toml"), Redactor()
    operator = PracticeOperator(
        screen=screen_for(profile, again="./inv rehearse", redact=redactor.redact),
        hands=Hands(root),
        by_hand=broken.by_hand if broken else (),
    )
    try:
        return walk(
            name=name,
            runbook=RUNBOOKS[name](profile),
            profile=profile,
            operator=operator,
            wanted=Wanted(),
            redactor=redactor,
            folder=root / "zotops",
        )
    except LeftOpen as left:
        red = [s for s, evidence in left.offer.verdicts.items() if evidence.verdict is Verdict.FAILED]
        return CheckFailed.exit_code if red else NOT_CAUGHT
    except Stop as stop:
        tell_stop(stop)
        return stop.exit_code


def _keep(run: Run) -> None:
    KEPT.mkdir(exist_ok=True)
    shutil.copy(run.path, KEPT / "journal.jsonl")
    (KEPT / "report.md").write_text(markdown_of(run), encoding="utf-8")


def _judged(run: Run, broken: Fault, code: int) -> int:
    """Whether the check that the catalogue names is the one that turned red."""
    red = [
        record.data["check"]
        for record in run.records
        if record.event == "check-made" and record.data["when"] == "after" and record.data["verdict"] == "failed"
    ]
    caught = broken.check in red
    _say(
        f"\nFault {broken.name}: {'caught' if caught else 'NOT caught'} by: {broken.check}. The run ended with {code}."
    )
    if caught:
        return 1
    return NOT_CAUGHT if code else 0


def _kind(kind: str) -> str:
    return "the practice stand-in, not a real zot" if kind == "practice" else f"a real {kind}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
