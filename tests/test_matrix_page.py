"""The reference page of verify: every question, sentence and check is on it, as the profile's tiers have it."""

from pathlib import Path

from zotops.access_asks import ASKS
from zotops.access_sentences import sentences
from zotops.checks.standing import NOT_CHECKED, standing_checks
from zotops.matrix_page import page
from zotops.profile_file import read_profile

PROFILE = read_profile(Path(__file__).parents[1] / "docs" / "example.toml")
PAGE = page(PROFILE)


def row(section: str, question: str) -> list[str]:
    """The cells of a question's row below that heading."""
    part = PAGE.split(f"### {section}")[1].split("\n###")[0]
    found = next(line for line in part.splitlines() if line.startswith(f"| {question} |"))
    return [cell.strip() for cell in found.strip("| ").split("|")][1:]


def test_every_question_stands_there_with_its_request_and_why_nothing_stays() -> None:
    for ask in ASKS:
        assert f"| `{ask.request}` |" in PAGE
        assert ask.nothing_stays in PAGE


def test_every_name_that_selects_stands_there() -> None:
    for name in [*(one.name for one in sentences(PROFILE)), *standing_checks(PROFILE)]:
        assert f"| `{name}` |" in PAGE
    assert all(text[1:] in PAGE for text in NOT_CHECKED)


def test_the_tables_are_the_tiers() -> None:
    assert row("An image of ours", "overwrite a tag") == ["401", "401", "403", "403", "415"]
    assert row("An image of ours", "push a new tag") == ["401", "401", "415", "403", "415"]
    assert row("Below a mirror's prefix", "push a new tag")[2] == "403 or 415 (finding)"
    assert row("The registry", "ping as Docker does") == ["401", "401", "200", "200", "200"]
