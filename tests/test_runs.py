"""The runs in the state folder: found by id, by registry, by age; held to what they were begun with."""

from __future__ import annotations

import getpass
import socket
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.lamps import FixedClock, Lamps, TurnOff, TurnOn, lamp_runbook, lamp_step
from zotops import runs
from zotops.errors import ConfigurationIsWrong, UsageIsWrong
from zotops.journal import CannotReplay, Journal
from zotops.model import Runbook
from zotops.pages import step_texts
from zotops.profile_file import read_profile
from zotops.redaction import Redactor

PROFILE = read_profile(Path(__file__).parents[1] / "docs" / "example.toml")
HERE, ELSEWHERE = "https://here.example", "https://elsewhere.example"


def begin(folder: Path, run: str, *, at: float = 0, runbook: str = "deploy", registry: str = HERE) -> Journal:
    """A run in the folder, begun so many seconds after the first."""
    header = {"run": run, "runbook": runbook, "registry": registry}
    return Journal.create(folder / "runs" / f"{run}.jsonl", header, clock=FixedClock(moment=at), redactor=Redactor())


def test_a_folder_without_runs_has_none(tmp_path: Path) -> None:
    assert runs.all_runs(tmp_path) == []
    assert runs.latest(tmp_path, runbook="deploy", registry=HERE) is None


def test_runs_are_listed_by_age_and_not_by_name(tmp_path: Path) -> None:
    begin(tmp_path, "aaaa", at=20)
    begin(tmp_path, "bbbb", at=10)
    begin(tmp_path, "cccc", at=30)
    assert [run.now.run for run in runs.all_runs(tmp_path)] == ["bbbb", "aaaa", "cccc"]


def test_the_newest_run_is_that_of_this_runbook_on_this_registry(tmp_path: Path) -> None:
    begin(tmp_path, "aaaa", at=10)
    begin(tmp_path, "bbbb", at=20, registry=ELSEWHERE)
    begin(tmp_path, "cccc", at=30, runbook="rotate-key")
    found = runs.latest(tmp_path, runbook="deploy", registry=HERE)
    assert found is not None
    assert (found.now.run, found.runbook, found.registry) == ("aaaa", "deploy", HERE)


def test_a_file_that_was_made_and_never_written_is_no_run(tmp_path: Path) -> None:
    begin(tmp_path, "aaaa")
    (tmp_path / "runs" / "bbbb.jsonl").touch()
    assert [run.now.run for run in runs.all_runs(tmp_path)] == ["aaaa"]


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    begin(tmp_path, "aaaa")
    (tmp_path / "runs" / "bbbb.jsonl").write_text("something else\n")
    with pytest.raises(CannotReplay, match=r"bbbb\.jsonl"):
        runs.all_runs(tmp_path)


def test_a_journal_without_its_header_is_named(tmp_path: Path) -> None:
    journal = begin(tmp_path, "aaaa")
    journal.append("decided", "hall", {})
    _, rest = journal.path.read_bytes().split(b"\n", 1)
    journal.path.write_bytes(rest)
    with pytest.raises(ConfigurationIsWrong, match=r"aaaa\.jsonl does not begin with a run's header"):
        runs.all_runs(tmp_path)


def test_a_run_is_found_by_its_id_or_as_the_newest_on_its_registry(tmp_path: Path) -> None:
    begin(tmp_path, "aaaa", at=10)
    begin(tmp_path, "bbbb", at=20, registry=ELSEWHERE)
    begin(tmp_path, "cccc", at=30)
    assert runs.find(tmp_path, "bbbb", "").now.run == "bbbb"
    assert runs.find(tmp_path, None, HERE).now.run == "cccc"


def test_a_run_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageIsWrong, match=r"there is no run on https://here[.]example: runs are: none yet"):
        runs.find(tmp_path, None, HERE)
    begin(tmp_path, "aaaa")
    with pytest.raises(UsageIsWrong, match="there is no run ffff: runs are: aaaa"):
        runs.find(tmp_path, "ffff", "")


def test_the_head_of_a_run_is_that_of_its_journal(tmp_path: Path) -> None:
    journal = begin(tmp_path, "aaaa")
    journal.append("decided", "hall", {})
    last = journal.path.read_bytes().splitlines()[-1]
    assert runs.head_of(runs.all_runs(tmp_path)[0]) == journal.head == sha256(last).hexdigest()


def test_the_head_of_a_cut_journal_is_that_of_its_last_whole_line(tmp_path: Path) -> None:
    journal = begin(tmp_path, "aaaa")
    head = journal.head
    journal.append("decided", "hall", {})
    journal.path.write_bytes(journal.path.read_bytes()[:-5])
    assert runs.head_of(runs.all_runs(tmp_path)[0]) == head


def test_a_new_run_gets_an_id_that_none_has(tmp_path: Path) -> None:
    taken = {begin(tmp_path, f"{number:04x}").path for number in range(0, 0x10000, 0x400)}
    run, path = runs.new_path(tmp_path)
    assert path not in taken
    assert path == tmp_path / "runs" / f"{run}.jsonl"
    assert len(run) == 4
    assert int(run, 16) >= 0


def a_header(book: Runbook) -> dict[str, Any]:
    return runs.header(run="7f3a", name="lamps", profile=PROFILE, texts=step_texts(book), runbook=book)


def test_a_header_says_whose_run_of_what_where(tmp_path: Path) -> None:
    header = a_header(lamp_runbook(lamp_step(Lamps(), "hall")))
    assert (header["run"], header["runbook"], header["profile"]) == ("7f3a", "lamps", "example")
    assert header["registry"] == PROFILE.registry.url
    assert (header["operator"], header["host"]) == (getpass.getuser(), socket.gethostname())
    assert header["version"]
    journal = Journal.create(tmp_path / "j", header, clock=FixedClock(), redactor=Redactor())
    assert msgspec.convert(journal.records()[0].data["profile_content"], type(PROFILE)) == PROFILE


def fingerprints(book: Runbook) -> list[str]:
    return [step["fingerprint"] for step in a_header(book)["steps"]]


def test_a_step_has_another_fingerprint_when_anything_of_it_changed() -> None:
    lamps = Lamps()
    step = lamp_step(lamps, "hall")
    changed = [
        replace(step, title="t"),
        replace(step, why="w"),
        replace(step, instructions="i"),
        replace(step, safe_to_stop="s"),
        replace(step, checks=()),
        replace(step, checks=lamp_step(lamps, "attic").checks),
        replace(step, action=None),
        replace(step, action=TurnOff(lamps=lamps, name="hall")),
        replace(step, undo=None),
        replace(step, undo=TurnOn(lamps=lamps, name="hall")),
        replace(step, look_only=True),
    ]
    prints = {fingerprints(lamp_runbook(one))[0] for one in [step, *changed]}
    assert len(prints) == 1 + len(changed)


def test_a_step_has_the_same_fingerprint_while_nothing_of_it_changed() -> None:
    again = [fingerprints(lamp_runbook(lamp_step(Lamps(), "hall"), lamp_step(Lamps(), "attic"))) for _ in range(2)]
    assert again[0] == again[1]
