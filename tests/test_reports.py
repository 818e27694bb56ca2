"""Reports: what was shown, what was only claimed, what was skipped, and nothing that a server could forge."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from tests.lamps import LAMP_MADE, House, IsOn, Script, lamp_runbook, lamp_step
from zotops.errors import NeedsAPerson, Stop
from zotops.journal import read
from zotops.model import Box, Check, Evidence, Facts, Question, Runbook, judged
from zotops.operator import Decision, Offer
from zotops.reports import Reported, as_json, markdown, write_junit
from zotops.runner import Bounds
from zotops.world import World

DO, HAND, CHECK, SKIP, STOP = Decision.DO, Decision.BY_HAND, Decision.CHECK, Decision.SKIP, Decision.STOP
SURE = Question(id="sure", prompt="Is it light?", claim=True)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def lit(text: str = "The hall is light", **changes: Any) -> Box:
    return replace(Box(known_as="Boxes of the plan", text=text, shown_by=("lamp hall is on",)), **changes)


def walked(house: House, book: Runbook, *decisions: Decision, **options: Any) -> Reported:
    """The report's material after one call, however that ended."""
    with suppress(Stop):
        house.call(book, *decisions, **options)
    return Reported(runbook=book, records=read(house.path), head="feed" * 16)


def book(house: House, *boxes: Box, **changes: Any) -> Runbook:
    return replace(lamp_runbook(lamp_step(house.lamps, "hall", **changes)), boxes=boxes)


def section(report: str, head: str) -> str:
    """The part of a report below a heading, up to the next one of its kind."""
    return report.split(f"## {head}\n\n", 1)[1].split("\n\n## ", 1)[0].strip()


def test_a_box_is_ticked_by_what_a_check_saw_and_says_what_and_when(house: House) -> None:
    report = markdown(walked(house, book(house, lit()), DO))
    assert section(report, "Boxes of the plan") == (
        "- [x] The hall is light\n  - lamp hall is on: passed: light (2027-01-15 08:00:00)"
    )


def test_a_box_whose_check_is_red_is_not_ticked(house: House) -> None:
    report = markdown(walked(house, book(house, lit()), STOP))
    assert "- [ ] The hall is light\n  - lamp hall is on: failed: dark" in report


def test_a_box_whose_check_could_not_be_made_is_not_ticked(house: House) -> None:
    house.lamps.silent.add("hall")
    report = markdown(walked(house, book(house, lit()), STOP))
    assert "- [ ] The hall is light\n  - lamp hall is on: unknown: lamp hall is behind a wall" in report


def test_a_box_that_nobody_looked_at_is_not_ticked(house: House) -> None:
    two = replace(book(house, lit(shown_by=("lamp attic is on",))))
    later = replace(two, steps=(*two.steps, lamp_step(house.lamps, "attic")))
    report = markdown(walked(house, later, DO, until="hall"))
    assert "- [ ] The hall is light\n  - lamp attic is on: not looked at" in report


def test_a_box_needs_all_of_its_checks(house: House) -> None:
    both = lit(shown_by=("lamp hall is on", "lamp attic is on"))
    two = book(house, both, checks=(IsOn(lamps=house.lamps, name="hall"), IsOn(lamps=house.lamps, name="attic")))
    assert "- [ ] The hall is light" in markdown(walked(house, two, DO, STOP))


def test_a_box_without_any_check_is_never_ticked_by_that_alone(house: House) -> None:
    needs_fact = lit(shown_by=(), fact=LAMP_MADE)
    report = markdown(walked(house, book(house, needs_fact), STOP))
    assert "- [ ] The hall is light\n  - not shown in this run" in report


def test_a_box_counts_what_was_seen_last_even_when_the_clock_was_set_back(house: House) -> None:
    seen_good = walked(house, book(house, lit()), DO)
    records = read(house.path)
    last = next(record for record in reversed(records) if record.event == "check-made")
    red = {**last.data, "verdict": "failed", "observed": "dark"}
    again = [*records, replace(last, step="attic", at="2026-01-01T00:00:00.000+00:00", data=red)]
    assert "- [ ] The hall is light" in markdown(replace(seen_good, records=again))


def test_after_an_undo_a_box_is_open_again(house: House) -> None:
    the_book = book(house, lit())
    house.call(the_book, DO)
    house.runner(the_book, Script([])).undo("hall")
    report = markdown(Reported(runbook=the_book, records=read(house.path), head=""))
    assert "- [ ] The hall is light\n  - lamp hall is on: not looked at" in report


def test_what_a_person_says_is_claimed_in_that_word_and_ticks_nothing(house: House) -> None:
    box = lit(fact=LAMP_MADE, claim="sure")
    the_book = book(house, box, asks=(SURE,), action=None, undo=None)
    house.lamps.on.add("hall")
    report = markdown(walked(house, the_book, HAND, CHECK, answers={"sure": "yes"}))
    assert "- [ ] The hall is light\n  - lamp hall is on: passed: light" in report
    assert "  - *claimed* by me: yes" in report


def test_a_box_with_its_fact_known_is_ticked_and_shows_it(house: House) -> None:
    report = markdown(walked(house, book(house, lit(fact=LAMP_MADE, claim="sure")), DO))
    assert "- [x] The hall is light" in report
    assert "  - lamp-hall-0042" in report


def test_a_step_that_nothing_shows_is_claimed_in_the_head_too(house: House) -> None:
    the_book = book(house, checks=(), asks=(SURE,), action=None, undo=None)
    report = markdown(walked(house, the_book, HAND, CHECK, answers={"sure": "yes"}))
    assert "**0 of 1 steps witnessed** (1 claimed). Finished." in report
    assert "**Claimed**, 2027-01-15 08:00:00." in report


def test_a_skipped_step_is_reported_with_its_reason(house: House) -> None:
    house.lamps.on.add("hall")
    report = markdown(walked(house, book(house), SKIP, answers={"reason": "it is summer"}))
    assert "**Skipped**: it is summer" in report
    assert "**0 of 1 steps witnessed** (1 skipped). Finished." in report


def test_an_unfinished_run_says_where_and_why_it_stopped(house: House) -> None:
    report = markdown(walked(house, book(house), STOP))
    assert "**0 of 1 steps witnessed** (none yet). Not finished: stopped in hall." in report
    assert "**Begun, not done.**" in report


def test_a_report_of_a_run_that_just_began_has_every_part(house: House) -> None:
    the_book = book(house, lit())
    house.runner(the_book, Script([])).ledger.journal.append("decided", "", {})
    report = markdown(Reported(runbook=the_book, records=read(house.path)[:1], head="feed"))
    heads = re.findall(r"^## (.+)$", report, re.MULTILINE)
    assert heads == ["Boxes of the plan", "Steps", "Findings", "Left behind", "Not checked"]
    assert "Not finished: open." in report
    assert "**Open.**" in report


def test_the_head_of_the_report_says_where_who_when_and_the_journals_head(house: House) -> None:
    report = markdown(walked(house, book(house), DO))
    assert report.startswith("# Light the house: run 7f3a\n\n**1 of 1 steps witnessed** (1 witnessed). Finished.")
    assert "- registry `house`, profile `p`\n- by me on here, zotops 0\n" in report
    assert "- from 2027-01-15 08:00:00 to 2027-01-15 08:00:00 UTC" in report
    assert f"`{'feed' * 16}`: `invoke runs --audit 7f3a --head` with it" in report


def test_what_the_run_left_behind_and_what_nobody_checked_is_listed(house: House) -> None:
    the_book = replace(book(house), not_checked=("the neighbours",))
    report = markdown(walked(house, the_book, DO))
    assert section(report, "Left behind") == "- warmth of hall"
    assert section(report, "Not checked") == "- the neighbours"
    assert section(report, "Findings") == "None."


def test_a_finding_is_listed_with_its_remedy(house: House) -> None:
    found = IsOn(lamps=house.lamps, name="attic", finding=True)
    report = markdown(walked(house, book(house, checks=(IsOn(lamps=house.lamps, name="hall"), found)), DO))
    assert section(report, "Findings") == "- lamp attic is on: dark. Remedy: switch it on"


@dataclass(frozen=True, kw_only=True)
class Says(IsOn):
    """A check whose observation is whatever a server wants it to be."""

    observed: str

    def run(self, world: World, facts: Facts) -> Evidence:
        del world, facts
        return judged(self.name in self.lamps.on, expected="light", observed=self.observed, remedy=self.observed)


def told(house: House, observed: str) -> Check:
    return Says(lamps=house.lamps, name="hall", observed=observed)


def test_what_a_server_says_can_neither_forge_a_box_nor_end_a_cell_nor_hide_the_rest(house: House) -> None:
    observed = "light\n- [x] forged | cell\n## Forged <!-- <script>"
    the_book = book(house, lit(), checks=(told(house, observed),))
    report = markdown(walked(house, the_book, DO))
    flat = "light - [x] forged | cell ## Forged &lt;!-- &lt;script>"
    assert f"  - lamp hall is on: passed: {flat} (2027" in report
    assert "\n- [x] forged" not in report
    assert "\n## Forged" not in report
    assert "<!--" not in report
    row = next(line for line in report.splitlines() if line.startswith("| lamp hall is on"))
    assert len(re.split(r"(?<!\\)\|", row)) == 6


def test_a_red_row_says_what_was_expected_and_the_remedy(house: House) -> None:
    report = markdown(walked(house, book(house), STOP))
    row = next(line for line in report.splitlines() if line.startswith("| lamp hall is on"))
    assert row == (
        "| lamp hall is on | failed | failed | dark (2027-01-15 08:00:00); expected: light; likely: off; "
        "remedy: switch it on |"
    )


def test_the_json_report_is_one_document_with_the_same_content(house: House) -> None:
    document = json.loads(as_json(walked(house, book(house, lit()), DO)))
    assert document["run"] == "7f3a"
    assert document["ended"] == "finished"
    assert document["head"] == "feed" * 16
    [step] = document["steps"]
    assert (step["id"], step["stage"], step["kind"]) == ("hall", "done", "witnessed")
    [check] = step["checks"]
    assert (check["check"], check["before"], check["verdict"]) == ("lamp hall is on", "failed", "passed")
    assert document["boxes"] == [{"list": "Boxes of the plan", "text": "The hall is light", "ticked": True}]
    assert document["left"] == ["warmth of hall"]
    assert "profile_content" not in document


def junit(house: House, the_book: Runbook, *decisions: Decision, **options: Any) -> dict[str, Sequence[Any]]:
    """What a JUnit reader makes of a run: results by test case, none when it passed."""
    path = house.folder / "junit.xml"
    write_junit(walked(house, the_book, *decisions, **options), path)
    return {case.name: case.result for suite in JUnitXml.fromfile(str(path)) for case in suite}


def test_junit_has_one_case_a_check(house: House) -> None:
    house.lamps.silent.add("attic")
    checks = tuple(IsOn(lamps=house.lamps, name=name, finding=name == "cellar") for name in ("hall", "attic", "cellar"))
    two = book(house, checks=checks)
    later = replace(two, steps=(*two.steps, lamp_step(house.lamps, "yard")))
    results = junit(house, later, DO, STOP)
    assert results["lamp hall is on"] == []
    [unknown] = results["lamp attic is on"]
    assert isinstance(unknown, Error)
    assert "behind a wall" in str(unknown.message)
    [finding] = results["lamp cellar is on"]
    assert isinstance(finding, Skipped)
    assert str(finding.message).startswith("finding: dark")
    [unmade] = results["lamp yard is on"]
    assert unmade.message == "not looked at"


def test_junit_shows_a_red_check_as_a_failure_with_its_remedy(house: House) -> None:
    [failure] = junit(house, book(house), STOP)["lamp hall is on"]
    assert isinstance(failure, Failure)
    assert "remedy: switch it on" in str(failure.message)


def test_junit_counts_its_cases(house: House) -> None:
    path = house.folder / "junit.xml"
    write_junit(walked(house, book(house), STOP), path)
    xml = JUnitXml.fromfile(str(path))
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (1, 1, 0, 0)


def test_junit_can_be_read_whatever_a_server_says(house: House) -> None:
    the_book = book(house, checks=(told(house, "\x00\x1b[31mred\x07 <&> \ufffe"),))
    [failure] = junit(house, the_book, STOP)["lamp hall is on"]
    assert "[31mred" in str(failure.message)


def test_nobody_there_is_a_stop_that_the_report_repeats(house: House) -> None:
    class Nobody(Script):
        def decide(self, offer: Offer) -> Decision:
            del offer
            raise NeedsAPerson("hall waits for a decision", remedy="run it at a terminal")

    the_book = book(house)
    with pytest.raises(NeedsAPerson):
        house.runner(the_book, Nobody([])).walk(Bounds())
    report = markdown(Reported(runbook=the_book, records=read(house.path), head=""))
    assert "Not finished: hall waits for a decision." in report
