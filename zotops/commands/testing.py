"""`invoke test`: the tests, and the one way in which zotops starts its own tools."""

import filecmp
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEV_LOCK = "requirements-dev.lock"
# On two cores: a third of the time the tests wait for what they have started.
WORKERS = "3"
SUMMARY_MARKS = (" passed", " failed", " error", "no tests ran")


def test(*, every_case: bool, only: str | None) -> int:
    """Run pytest: all of it, or one file, folder or test; 0 when green, else 1."""
    install_tools()
    return 1 if run_tests(every_case=every_case, only=only)[0] else 0


def run_tests(*, every_case: bool, only: str | None) -> tuple[int, str]:
    """Return pytest's exit code and its closing line; what it prints passes through as it comes."""
    words = [sys.executable, "-m", "pytest", *workers(only)]
    words += ["--color=yes"] if sys.stdout.isatty() else []
    words += ["--every-case"] if every_case else []
    words += [only] if only else []
    closing = ""
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as pytest:
        for line in pytest.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            if any(mark in line for mark in SUMMARY_MARKS):
                closing = line.rstrip("\n")
    return pytest.returncode, closing


def workers(only: str | None) -> list[str]:
    """Several at once for a folder or more; a single file is quicker without the start of further processes."""
    return [] if only and ".py" in only else ["-n", WORKERS]


def install_tools() -> None:
    """
    Start this very call anew through `./inv` when the tests' and quality tools are not those of the lock.

    `./inv` has installed them already when it was called as `./inv test`; a plain `invoke test` has not.
    """
    installed = Path(sys.prefix) / DEV_LOCK
    if not installed.exists() or not filecmp.cmp(installed, ROOT / DEV_LOCK, shallow=False):
        sys.stdout.flush()
        os.execv(ROOT / "inv", [str(ROOT / "inv"), *sys.argv[1:]])  # noqa: S606 - our own file, the same words
