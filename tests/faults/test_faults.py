"""Each fault of the catalogue is caught by the check that the catalogue names, and the check says what is wrong."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.desk import INVOKE, started
from zotops.commands.rehearse import rehearse_in_a_world
from zotops.lab.faults import FAULTS, TRAPS, Fault, Trap, fault_named, twist_named
from zotops.lab.faults.breaking import switch

CAUGHT, WRONG_USAGE, NOT_CAUGHT = 1, 2, 5
# Seconds for one rehearsal on a machine that does much else.
LONGEST = 200
A_SENTENCE = "no check says this"

pytestmark = pytest.mark.timeout(LONGEST + 30)


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """How `invoke rehearse` ended, what it printed, the run's records, and what it left behind."""

    code: int
    out: str
    err: str
    records: list[Mapping[str, Any]]
    left: list[str]

    def red(self, sentence: str) -> list[Mapping[str, Any]]:
        """The red looks of one check that counted, or that are findings in a step that was found done."""
        found_done = {
            r["step"] for r in self.records if r["event"] == "step-done" and r["data"]["kind"] == "found done"
        }
        return [
            record["data"]
            for record in self.records
            if record["event"] == "check-made"
            and record["data"]["check"] == sentence
            and record["data"]["verdict"] == "failed"
            and (record["data"]["when"] == "after" or record["step"] in found_done)
        ]


def rehearsed(folder: Path, name: str) -> Rehearsed:
    """`invoke rehearse --fault NAME` in a folder of its own, which also takes its temporary files."""
    place = folder / "tmp"
    place.mkdir()
    done = subprocess.run(
        [*INVOKE, "rehearse", "--fault", name],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(place)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    journal = folder / "rehearsal" / "journal.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    return Rehearsed(
        code=done.returncode,
        out=done.stdout,
        err=done.stderr,
        records=[json.loads(line) for line in lines],
        left=[*(path.name for path in place.iterdir()), *processes_of(place)],
    )


def processes_of(place: Path) -> list[str]:
    """Command lines of living processes that name the folder: each server of a world is started with a path in it."""
    ps = shutil.which("ps")
    assert ps is not None
    done = subprocess.run([ps, "-A", "-o", "args="], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if str(place) in line]


@pytest.mark.costly("faults")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_caught_by_its_check_which_says_what_is_wrong(tmp_path: Path, fault: Fault) -> None:
    done = rehearsed(tmp_path, fault.name)
    assert done.code == CAUGHT, f"{done.out[-3000:]}\n{done.err}"
    seen = done.red(fault.check)
    assert seen, f"{fault.check!r} was not red:\n{done.out[-3000:]}"
    for part in ("expected", "observed", "likely", "remedy"):
        assert seen[-1][part], f"nothing {part}: {seen[-1]}"
    assert f"Fault {fault.name}: caught by: {fault.check}" in done.out
    assert fault.shown_by in done.out
    assert done.left == []


@pytest.mark.costly("faults")
@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_no_check_is_taken_in_by_a_trap(tmp_path: Path, trap: Trap) -> None:
    done = rehearsed(tmp_path, trap.name)
    assert done.code == 0, f"{done.out[-3000:]}\n{done.err}"
    assert done.red(trap.check) == []
    assert f"Trap {trap.name}: not taken in" in done.out
    assert done.left == []


def test_an_unknown_fault_is_wrong_usage_and_lists_the_names(tmp_path: Path) -> None:
    done = rehearsed(tmp_path, "no-such-fault")
    assert done.code == WRONG_USAGE
    assert "there is no fault or trap 'no-such-fault'" in done.err
    assert all(twist.name in done.err for twist in (*FAULTS, *TRAPS))
    assert done.left == []


def test_a_trap_that_takes_a_check_in_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    check = "the vault is unlocked, and we may read"
    trap = Trap(name="a-trap", odd="Nothing.", check=check, breaks=switch("op", signed_out=True))
    assert rehearse_in_a_world(["deploy"], trap) == CAUGHT
    assert "Trap a-trap: TAKEN IN" in capsys.readouterr().out


def test_a_run_that_something_else_stops_has_not_shown_the_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    locked = fault(breaks=switch("provider", down=True))
    assert rehearse_in_a_world(["deploy"], locked) == NOT_CAUGHT
    assert f"NOT caught by: {A_SENTENCE}" in capsys.readouterr().out


def test_after_a_runbook_that_did_not_end_well_no_other_is_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    locked = fault(breaks=switch("provider", down=True))
    assert rehearse_in_a_world(["deploy", "rotate-key"], locked) == NOT_CAUGHT
    assert sorted(path.name for path in (tmp_path / "rehearsal").iterdir()) == ["journal.jsonl", "report.md"]
    report = (tmp_path / "rehearsal" / "report.md").read_text()
    assert "# Harden the registry" in report
    assert "# Rotate the CI key" not in report


@pytest.mark.costly("faults")
def test_a_fault_that_nothing_notices_ends_as_an_undisturbed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert rehearse_in_a_world(["deploy"], fault(breaks=lambda _: None)) == 0


def fault(**changes: Any) -> Fault:
    """A fault that no check catches."""
    words = {"name": "a-fault", "wrong": "Nothing.", "noticed": "Nothing.", "check": A_SENTENCE, "remedy": "None."}
    return Fault(**{**words, **changes})


def test_the_list_says_of_each_fault_what_is_wrong_who_notices_and_what_catches_it() -> None:
    told = listed("--list-faults")
    for one in FAULTS:
        assert all(text in told for text in (one.name, one.wrong, one.noticed, one.check, one.shown_by))


def test_the_list_says_of_each_trap_what_is_odd_and_what_is_not_taken_in() -> None:
    told = listed("--list-traps")
    for one in TRAPS:
        assert all(text in told for text in (one.name, one.odd, one.check, one.shown_by))
    assert not any(fault.wrong in told for fault in FAULTS)


def listed(option: str) -> str:
    words = [*INVOKE, "lab", option]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_names_are_unique_and_in_kebab_case() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)
    assert fault_named(names[0]) is FAULTS[0]
    assert fault_named("no-such-fault") is None
    assert fault_named(TRAPS[0].name) is None
    assert twist_named(TRAPS[0].name) is TRAPS[0]


def test_the_lab_starts_hardened_and_broken_in_the_way_that_was_asked_for(tmp_path: Path) -> None:
    with started(tmp_path, "--fault", "argocd-synced-to-another-commit") as desk:
        assert desk.state.read("quirks")["argocd"] == {"sync_to_other_commit": True}
        assert "accessControl" in (desk.root / "host/zot/config.json").read_text()
    assert "broken" in (tmp_path / "lab.log").read_text()


def test_the_lab_knows_no_other_faults(tmp_path: Path) -> None:
    words = [*INVOKE, "lab", "--fault", "no-such-fault"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == WRONG_USAGE
    assert all(fault.name in done.stderr for fault in FAULTS)
