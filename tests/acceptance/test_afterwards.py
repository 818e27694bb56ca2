"""After a whole run: its reports, and an audit of its journal."""

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.acceptance.desk import Desk
from tests.acceptance.finished import Finished


@pytest.fixture
def afterwards(finished: Finished, tmp_path: Path) -> Desk:
    """Return a desk with a copy of the finished run, whose world is gone."""
    shutil.copytree(finished.place / "state", tmp_path / "state")
    return Desk(folder=tmp_path, ready={"root": str(tmp_path), "profile": str(finished.place / "profile.toml")})


@pytest.mark.parametrize(
    ("section", "count"),
    [("Boxes of the pull request", 7), ("Boxes of the card", 6), ("Open questions of the plan", 3)],
)
def test_the_report_ticks_every_box_with_evidence(finished: Finished, section: str, count: int) -> None:
    done = finished.done("markdown")
    lines = done.out.partition(f"## {section}\n")[2].partition("\n## ")[0].split("\n- ")[1:]
    assert (done.code, done.err, len(lines)) == (0, "", count)
    for box in lines:
        head, *evidence = box.strip().splitlines()
        assert head.startswith("[x] ")
        assert evidence
        assert re.search(r"passed: .+ \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)", box), box


def test_the_json_report_is_one_document(finished: Finished) -> None:
    done = finished.done("json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert found["run"] == finished.told["run"]


def test_the_junit_report_has_a_case_for_every_check(finished: Finished) -> None:
    cases = {case.name for suite in JUnitXml.fromfile(str(finished.place / "junit.xml")) for case in suite}
    made = {r["data"]["check"] for r in finished.records() if r["event"] == "check-made"}
    assert made <= cases


def test_an_audit_finds_nothing_in_an_honest_journal(afterwards: Desk, finished: Finished) -> None:
    done = afterwards.invoke("runs", "--audit", finished.told["run"])
    assert done.code == 0
    assert "none changed" in done.out


def test_an_audit_finds_an_edited_record(afterwards: Desk, finished: Finished) -> None:
    (journal,) = afterwards.journals()
    journal.write_text(journal.read_text().replace('"verdict":"failed"', '"verdict":"passed"', 1))
    done = afterwards.invoke("runs", "--audit", finished.told["run"])
    assert done.code == 1
    assert "which was changed" in done.out


def test_only_a_head_kept_elsewhere_shows_a_cut_tail(afterwards: Desk, finished: Finished) -> None:
    head = json.loads(finished.done("json").out)["head"]
    assert head in finished.done("markdown").out
    words = ("runs", "--audit", finished.told["run"])
    (journal,) = afterwards.journals()
    early = sha256(journal.read_bytes().partition(b"\n")[0]).hexdigest()
    for known, said in ((head, "and it ends in that head"), (early, "that head is of an earlier record")):
        found = afterwards.invoke(*words, "--head", known)
        assert found.code == 0
        assert said in found.out
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-2]))
    assert afterwards.invoke(*words).code == 0
    cut = afterwards.invoke(*words, "--head", head)
    assert cut.code == 1
    assert "the end was cut off or changed" in cut.out
