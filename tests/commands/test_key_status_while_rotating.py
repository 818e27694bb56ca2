"""`key-status` beside a real rotation: left between two keys, finished, and what its journal tells afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.verifying import KINDS, Hardened, hardened

# Each starts whole worlds; all of them with `./inv test --all`.
pytestmark = pytest.mark.costly("rotations")


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hardened]:
    with hardened(tmp_path / "world", request.param) as found:
        yield found


def told(world: Hardened, *words: str, state: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """The document, and the level of each point that is not good; with `state` from another machine's folder."""
    named = state or os.environ["ZOTOPS_STATE"]
    document = world.call("key-status", "--json", *words, ZOTOPS_STATE=named).document
    return document, {point["name"]: point["level"] for point in document["points"] if point["level"] != "ok"}


def test_a_rotation_is_seen_while_it_is_left_and_after_it_is_done(world: Hardened, tmp_path: Path) -> None:
    before, wrong = told(world)
    assert wrong == {}
    left = world.call("rotate-key", "--auto", "--until", "promote")
    assert left.code == 0, left.out + left.err
    between, wrong = told(world)
    assert wrong == {"rotation": "warning", "forge": "warning"}
    assert between["key"]["id"] != before["key"]["id"]
    assert [(other["id"], other["why"]) for other in between["others"]] == [
        (before["key"]["id"], "the key from before")
    ]
    assert told(world, "--offline")[1] == {"rotation": "warning"}
    elsewhere = str(tmp_path / "elsewhere")
    assert told(world, state=elsewhere)[1] == {"rotation": "warning"}, "another machine sees it by the field `previous`"
    done = world.call("rotate-key", "--auto")
    assert done.code == 0, done.out + done.err
    after, wrong = told(world)
    assert wrong == {}
    assert after["key"]["id"] == between["key"]["id"]
    assert after["others"] == []
    points = {point["name"]: point["observed"] for point in after["points"]}
    assert points["revoked"] == "none of 1"
    assert points["record"] == "as listed"
    assert points["forge"].startswith("given by a run of ours")
    assert len(after["not_checked"]) == 1
    assert told(world, "--offline")[0]["key"]["id"] == after["key"]["id"]
