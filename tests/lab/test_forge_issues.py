"""Issues at the practice forge: who may open one, and how they are listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.forge_world import REPO, PracticeForge, practice_forge

ISSUES = f"{REPO}/issues"


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[PracticeForge]:
    with practice_forge(tmp_path / "world") as running:
        with running.state.edit("forge") as document:
            document["tokens"] += [
                {"token": "issues", "user": "practice", "scopes": ["write:issue"]},
                {"token": "reads", "user": "reader", "scopes": ["read:issue"]},
            ]
        yield running


def opened(forge: PracticeForge, title: str = "It ends soon", *, by: str = "issues", **more: Any) -> tuple[int, Any]:
    answer = forge.ask("POST", ISSUES, token=by, json={"title": title, **more})
    return answer.status_code, answer.json()


def titles(forge: PracticeForge, query: str = "") -> list[str]:
    return [issue["title"] for issue in forge.ask("GET", f"{ISSUES}{query}", token="reads").json()]


def test_an_issue_is_opened_with_its_text_and_has_an_address(forge: PracticeForge) -> None:
    status, issue = opened(forge, body="Really")
    assert (status, issue["number"], issue["state"], issue["body"]) == (201, 1, "open", "Really")
    assert issue["html_url"] == f"{forge.client.base_url}/practice/platform/issues/1".replace("//practice", "/practice")
    assert opened(forge, "Another")[1]["number"] == 2


def test_they_are_listed_newest_first_and_closed_ones_only_when_asked_for(forge: PracticeForge) -> None:
    for title in ("one", "two", "three"):
        opened(forge, title)
    with forge.state.edit("forge") as document:
        document["issues"]["practice/platform"][1]["state"] = "closed"
    assert titles(forge) == ["three", "one"]
    assert titles(forge, "?state=all") == ["three", "two", "one"]
    assert titles(forge, "?state=closed") == ["two"]
    assert titles(forge, "?state=all&limit=2&page=2") == ["one"]
    assert titles(forge, "?type=pulls") == []


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [
        ("", 401, "token is required"),
        ("token-of-the-owner", 403, "token does not have at least one of required scope(s): [write:issue]"),
        ("reads", 403, "token does not have at least one of required scope(s): [write:issue]"),
    ],
)
def test_opening_one_needs_the_scope_for_it(forge: PracticeForge, token: str, status: int, said: str) -> None:
    found, answer = opened(forge, by=token)
    assert (found, answer["message"]) == (status, said)
    assert titles(forge) == []


def test_one_without_a_title_is_refused(forge: PracticeForge) -> None:
    assert opened(forge, "")[0] == 422


def test_a_repository_that_is_not_there_has_none(forge: PracticeForge) -> None:
    assert forge.ask("GET", "/repos/practice/elsewhere/issues", token="reads").status_code == 404
