"""The sample of the costly cases: some of each family with every commit, others with another one."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import DRAWN, SEED

ROOT = Path(__file__).parents[2]
FILE = "tests/commands/test_key_status.py"


def collected(seed: str, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *words, FILE],
        cwd=ROOT,
        env={**os.environ, SEED: seed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(FILE)]


def test_it_holds_as_many_of_a_family_as_said_and_others_with_another_seed() -> None:
    one, other, every = collected("one"), collected("two"), collected("one", "--every-case")
    assert one != other
    assert len(one) == len(other) == DRAWN["key-status"] < len(every)
    assert {*one, *other} <= {*every}


def test_every_family_has_tests_and_is_drawn_from() -> None:
    marks = re.compile(r'mark\.costly\("([a-z-]+)"\)')
    named = {name for path in (ROOT / "tests").rglob("test_*.py") for name in marks.findall(path.read_text())}
    assert named == set(DRAWN)
    assert min(DRAWN.values()) > 0
