"""Is there a decision in a check or an action that no test would miss?"""

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.harmless import HARMLESS

ROOT = Path(__file__).parents[2]
LAYERS = ("checks", "actions")
FILES = [str(path.relative_to(ROOT)) for layer in LAYERS for path in sorted((ROOT / "zotops" / layer).glob("[!_]*.py"))]
# Without a folder of its own, a child would see the one of another run go.
PLUGIN = (
    *("-p", "tests.mutation.trial", "-p", "no:xdist", "-p", "no:cacheprovider", "--every-case"),
    *("-o", "tmp_path_retention_policy=none"),
)


def imported(path: Path) -> set[str]:
    """The files of the product that a file imports."""
    modules = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
    return {f"{module.replace('.', '/')}.py" for module in modules if module and module.startswith("zotops.")}


@cache
def users() -> dict[str, set[str]]:
    """Which files of the product import a file; a runbook and a command import nearly all, so they are left out."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "zotops").rglob("*.py"):
        if not {"runbooks", "commands", "lab"} & set(path.parts):
            for file in imported(path):
                found.setdefault(file, set()).add(str(path.relative_to(ROOT)))
    return found


def near_tests(file: str) -> list[str]:
    """The tests that import the file or a user of it, else those that import a user of a user, and so on.

    Those that need no practice world come first, and of those the ones that import the file itself: what they notice
    need not be tried in a world.
    """
    folders = (ROOT / "tests", *(ROOT / "tests" / layer for layer in LAYERS))
    tests = {path: imported(path) for folder in folders for path in sorted(folder.glob("test_*.py"))}
    near = {file}
    for _ in range(4):
        near |= {user for each in near for user in users().get(each, ())}
        if found := [str(path.relative_to(ROOT)) for path, files in tests.items() if files & near]:
            return sorted(found, key=lambda test: (starts_a_world(test), file not in tests[ROOT / test]))
    return []


def starts_a_world(test: str) -> bool:
    return re.search(r"\bwith (practice|hardened)\(", (ROOT / test).read_text()) is not None


def played(file: str, tests: list[str], folder: Path, *, within: float = 1700) -> dict[str, Any]:
    """What became of each mutant of a file under these tests."""
    outcome = folder / "outcome.json"
    words = [sys.executable, "-m", "pytest", *PLUGIN, f"--basetemp={folder / 'tmp'}", "--mutate", file]
    words += ["--outcome", str(outcome), *tests]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=within,
    )
    assert outcome.exists(), (done.stdout + done.stderr)[-3000:]
    found: dict[str, Any] = json.loads(outcome.read_text())
    return found


def survivors(found: dict[str, Any]) -> dict[str, str]:
    """The mutants that nobody noticed, each with its line and whether any test came there at all."""
    return {
        row["mutant"]: f"line {row['line']}{'' if row['reached'] else ', which no test reaches'}"
        for row in found["mutants"]
        if not row["noticed_by"]
    }


@pytest.mark.timeout(1800)
@pytest.mark.costly("mutants")
@pytest.mark.parametrize("file", FILES)
def test_every_decision_is_missed_when_it_is_changed(file: str, tmp_path: Path) -> None:
    tests = near_tests(file)
    assert tests, "no test comes near it"
    found = played(file, tests, tmp_path)
    assert found["red"] == [], "without any mutant"
    left = survivors(found)
    harmless = HARMLESS.get(file, {})
    assert {name: where for name, where in left.items() if name not in harmless} == {}
    assert sorted(harmless.keys() - left.keys()) == [], "noticed or gone, so it need not be excused"


def test_a_decision_that_no_test_needs_is_found(tmp_path: Path) -> None:
    found = played("tests/mutation/planted.py", ["tests/mutation/planted_tests.py"], tmp_path)
    assert found["red"] == []
    assert survivors(found) == {
        "fare: age >= 65 → no such guard": "line 8",
        "fare: distance < 100 and age != 0 → distance < 100": "line 10",
        "never_asked: not ticket → ticket": "line 15, which no test reaches",
    }
    assert len(found["mutants"]) == 9
