"""The lock files: every version with its hashes, all that pyproject.toml asks for, and no address of any index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
# name==version, perhaps a marker, then one line per hash
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+)(?: ; .+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+",
    re.MULTILINE,
)


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each name; a name has two where Pythons differ."""
    found: dict[str, set[str]] = {}
    for entry in ENTRY.finditer((ROOT / lock).read_text()):
        found.setdefault(entry["name"], set()).add(entry["version"])
    return found


def asked() -> tuple[set[str], set[str]]:
    """Return the names that pyproject.toml asks for: to run, and for tests and quality."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = project["project"]["dependencies"], project["dependency-groups"]["dev"]
    run, dev = ({re.split(r"[<>=!;\[ ]", line)[0].lower() for line in lines} for lines in lists)
    return run, dev


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_pins_with_hashes_and_nothing_else(lock: str) -> None:
    assert ENTRY.sub("", (ROOT / lock).read_text()) == ""


def test_everything_asked_for_is_locked() -> None:
    run, dev = asked()
    assert run - pins("requirements.lock").keys() == set()
    assert dev - pins("requirements-dev.lock").keys() == set()


def test_the_tools_are_held_to_the_versions_that_run() -> None:
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: dev[name] for name in dev if name in run and not dev[name] <= run[name]} == {}


def test_ansible_is_the_newest_that_each_python_can_have() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert re.search(r"^ansible-core==2\.19\.\d+ ; python_full_version < '3\.12' \\$", text, re.MULTILINE)
    assert re.search(r"^ansible-core==2\.21\.\d+ ; python_full_version >= '3\.12' \\$", text, re.MULTILINE)
