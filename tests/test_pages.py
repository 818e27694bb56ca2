"""The pages: every runbook as a reader sees it, nobody's real names, and text that neither table nor browser eats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import markdown
import msgspec
import pytest

from tests.lamps import IsOn, Lamps, TurnOn, lamp_runbook, lamp_step
from zotops.lab.faults import FAULTS
from zotops.model import Check, Fact, Look, Otherwise, Question, Runbook
from zotops.pages import page, step_texts
from zotops.profile import Profile
from zotops.profile_file import read_profile
from zotops.runbooks import RUNBOOKS

ROOT = Path(__file__).parents[1]
READER = read_profile(ROOT / "docs" / "example.toml")
PAGES = {name: page(runbook(READER), name) for name, runbook in RUNBOOKS.items()}
# What a real place's items and hosts may be called, and our own pages say of any place.
EVERYBODYS = {"ArgoCD", "argocd", "Forgejo", "host"}
LOOK = Look(command="look", want="light")
CHECKS = [
    (name, check) for name, runbook in RUNBOOKS.items() for step in runbook(READER).steps for check in step.checks
]


@dataclass(frozen=True, kw_only=True)
class Looks(IsOn):
    """A check that looks as a test wants."""

    how: Look = LOOK

    @property
    def look(self) -> Look:
        return self.how


def row(check: Check) -> str:
    """The check's row in the page of a runbook that has nothing else."""
    text = page(lamp_runbook(lamp_step(Lamps(), "hall", checks=(check,))), "lamps")
    return next(line for line in text.splitlines() if line.startswith(f"| {check}"))


class Cells(HTMLParser):
    """The cells of the tables of a page, as a reader of the site sees and copies them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.inside = False
        self.feed(markdown.markdown(text, extensions=["tables", "attr_list"]))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        self.inside = self.inside or tag == "td"
        self.cells += [""] if tag == "td" else []

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "td"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells[-1] += data


@cache
def cells_of(name: str) -> frozenset[str]:
    return frozenset(Cells(PAGES[name]).cells)


@pytest.mark.parametrize("name", RUNBOOKS)
def test_each_step_has_its_anchor_its_title_and_its_reason(name: str) -> None:
    for step in RUNBOOKS[name](READER).steps:
        assert f'<a id="{step.id}"></a>\n## {step.title}\n' in PAGES[name]
        assert f"**Why.** {step.why}" in PAGES[name]


@pytest.mark.parametrize(("name", "check"), CHECKS, ids=[f"{name}: {check}" for name, check in CHECKS])
def test_each_check_has_its_row_and_its_command_can_be_copied(name: str, check: Check) -> None:
    cells = cells_of(name)
    assert any(cell.startswith(str(check).replace("`", "")) for cell in cells)
    assert " ".join(check.look.command.split()) in cells


@pytest.mark.parametrize("name", RUNBOOKS)
def test_every_row_has_four_cells(name: str) -> None:
    rows = [line for line in PAGES[name].splitlines() if line.startswith("| ")]
    assert {len(re.split(r"(?<!\\)\|", line)) - 2 for line in rows} == {4}


@pytest.mark.parametrize("check", [check for _, check in CHECKS], ids=str)
def test_every_fault_that_a_look_names_is_one_of_the_practice_world(check: Check) -> None:
    known = {fault.name for fault in FAULTS}
    assert {other.fault for other in check.look.otherwise if other.fault} <= known


def test_every_link_to_a_fault_leads_somewhere() -> None:
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")))
    links = {link for text in PAGES.values() for link in re.findall(r"\(\.\./faults\.md#([^)]*)\)", text)}
    assert links
    assert links <= anchors


def leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON-like value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value


def names(profile: Profile) -> set[str]:
    """What tells one place from another: its single-word texts, the hosts of its addresses and their parts."""
    texts = {text for text in leaves(msgspec.to_builtins(profile)) if text and " " not in text}
    hosts = {re.split(r"[:/]", text.partition("//")[2].rpartition("@")[2] or text)[0] for text in texts}
    return {name for name in texts | hosts | {part for host in hosts for part in host.split(".")} if len(name) > 3}


@pytest.mark.parametrize("profile", sorted((ROOT / "profiles").glob("*.toml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("name", RUNBOOKS)
def test_no_page_shows_a_name_that_only_a_real_place_has(name: str, profile: Path) -> None:
    own = names(read_profile(profile)) - names(READER) - EVERYBODYS
    assert profile.stem in own
    shown = {word for word in own if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", PAGES[name])}
    assert shown == set()


def test_the_pages_differ_from_place_to_place_only_by_the_profile() -> None:
    elsewhere = msgspec.structs.replace(READER, name="elsewhere", practice=True)
    assert {name: page(runbook(elsewhere), name) for name, runbook in RUNBOOKS.items()} == PAGES


def test_a_page_is_made_of_the_texts_that_a_journal_keeps() -> None:
    for name, runbook in RUNBOOKS.items():
        assert all(text in PAGES[name] for text in step_texts(runbook(READER)).values())


def test_a_bar_in_a_command_ends_no_cell_and_can_be_copied_by_readers_of_both_renderers() -> None:
    command = "a | b || c `d` <e> *f* _g_ [h](i) \\| j"
    line = row(Looks(lamps=Lamps(), name="hall", how=Look(command=command, want="w")))
    assert command in Cells(f"| a | b | c | d |\n| - | - | - | - |\n{line}").cells
    assert "|" not in line.split("<code>")[1].split("</code>")[0]


def test_a_bar_in_a_text_ends_no_cell() -> None:
    how = Look(command="look", want="one | two", otherwise=(Otherwise(answer="a | b", means="c\n| d"),))
    line = row(Looks(lamps=Lamps(), name="hall", how=how))
    assert line == r"| lamp hall is on | `look` | one \| two | a \| b: c \| d |"


def test_what_stands_in_angle_brackets_is_seen_and_not_taken_for_html() -> None:
    how = Look(command="curl <tag>", want="<key-id>", otherwise=(Otherwise(answer="<b>", means="`<c>`"),))
    line = row(Looks(lamps=Lamps(), name="hall", how=how))
    assert line == "| lamp hall is on | `curl <tag>` | &lt;key-id> | &lt;b>: `<c>` |"


def test_a_fact_in_the_instructions_is_seen_and_an_address_stays_a_link() -> None:
    step = lamp_step(Lamps(), "hall", instructions=f"Open <https://x.example>, delete {Fact('key-id')}, run `a <b>`.")
    [text] = step_texts(lamp_runbook(step)).values()
    assert "Open <https://x.example>, delete &lt;key-id>, run `a <b>`." in text


def test_another_answer_links_to_the_fault_that_shows_it() -> None:
    how = Look(command="look", want="w", otherwise=(Otherwise(answer="dark", means="no bulb", fault="no-bulb"),))
    line = row(Looks(lamps=Lamps(), name="hall", how=how))
    assert line.endswith("| dark: [no bulb](../faults.md#no-bulb) |")


def test_a_row_says_when_a_check_only_finds_or_may_wait() -> None:
    assert "| lamp hall is on (a finding only) |" in row(IsOn(lamps=Lamps(), name="hall", finding=True))
    assert "(may stay unknown until `attic`)" in row(IsOn(lamps=Lamps(), name="hall", until="attic"))


def house(**changes: Any) -> Runbook:
    return lamp_runbook(lamp_step(Lamps(), "hall", **changes), lamp_step(Lamps(), "attic"))


def test_a_step_says_who_can_do_it_and_how_it_is_undone() -> None:
    by_zotops, _ = step_texts(house()).values()
    assert "`hall` · step 1 of 2 · zotops can do it" in by_zotops
    assert "**By zotops.** Switches lamp hall on." in by_zotops
    assert "**Back:** `invoke lamps --undo hall`" in by_zotops
    by_hand, _ = step_texts(house(action=None, undo=None, back="press it again")).values()
    assert "done by hand" in by_hand
    assert "By zotops" not in by_hand
    assert "**Back:** Press it again." in by_hand


def test_a_step_that_only_looks_says_so() -> None:
    looks, _ = step_texts(house(action=None, undo=None, look_only=True)).values()
    assert "only looks" in looks
    assert "**What is looked at**" in looks


def test_what_nothing_can_show_is_said_in_those_words() -> None:
    sure = Question(id="sure", prompt="Is it light?", claim=True)
    key = Question(id="key", prompt="The key", keep_as=READER.pending_key.secret)
    text, _ = step_texts(house(checks=(), asks=(sure, key))).values()
    assert "**Done when** you say so: nothing can show it." in text
    assert "- Is it light? (nothing else can show it)" in text
    assert "- The key (typed unseen, stored at once)" in text


def test_the_way_lists_every_step_with_who_takes_it() -> None:
    book = lamp_runbook(
        lamp_step(Lamps(), "hall"),
        lamp_step(Lamps(), "attic", action=None, undo=None),
        lamp_step(Lamps(), "yard", action=TurnOn(lamps=Lamps(), name="yard"), undo=None),
        lamp_step(Lamps(), "look", action=None, undo=None, look_only=True),
    )
    assert (
        "```text\n"
        " 1  hall   zotops or you  <- can be undone\n"
        " 2  attic  you\n"
        " 3  yard   zotops or you\n"
        " 4  look   looks\n"
        "```"
    ) in page(book, "lamps")


def test_a_page_names_its_own_command_and_what_one_needs() -> None:
    text = page(replace(house(), needs=("a ladder",)), "lamps")
    assert text.startswith("# Light the house\n\nSee something.\n\nRun it with `invoke lamps`;")
    assert "## What you need\n\n- a ladder\n" in text


def test_another_text_of_a_step_changes_its_part_alone() -> None:
    before, after = step_texts(house()), step_texts(house(why="It is very dark."))
    assert before["hall"] != after["hall"]
    assert before["attic"] == after["attic"]
