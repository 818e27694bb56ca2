import os
import subprocess
import sys
from pathlib import Path

import pytest

from zotops.lab import executables
from zotops.lab.executables.ps import as_etime

START = Path(executables.__file__).parent / "start.py"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "00:00"), (61, "01:01"), (3661, "01:01:01"), (90061, "1-01:01:01"), (100 * 86400, "100-00:00:00")],
)
def test_a_duration_reads_as_the_standard_says(seconds: int, shown: str) -> None:
    assert as_etime(seconds).strip() == shown


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the stand-in reads /proc, which this system lacks")
def test_the_stand_in_agrees_with_a_real_ps(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    command = [sys.executable, "-E", "-s", "-S", str(START), "ps", "-o", "etime=", "-p"]
    environment = {"ZOTOPS_LAB_WORLD": str(tmp_path)}
    ours = subprocess.run([*command, str(os.getpid())], env=environment, capture_output=True, text=True, check=False)
    real = subprocess.run(["ps", "-o", "etime=", "-p", str(os.getpid())], capture_output=True, text=True, check=False)
    assert abs(seconds(ours.stdout) - seconds(real.stdout)) <= 2
    none = subprocess.run([*command, "999999999"], env=environment, capture_output=True, text=True, check=False)
    assert (none.returncode, none.stdout) == (1, "")


def seconds(shown: str) -> int:
    """The time since this test run began, hours at most."""
    total = 0
    for part in shown.strip().split(":"):
        total = total * 60 + int(part)
    return total
