"""Measures what the house promises, side by side in one run: whole processes, interleaved, and their medians.

Run it with `.venv/bin/python benchmarks/house.py` after `./inv` has made the environment. On a shared machine read the
ratios, not the seconds; the load is printed with them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
INVOKE = (str(BIN / "invoke"), "--search-root", str(ROOT))
FIRST_STEP = "-- 1 of "
PARTS = ("list", "first-line", "lab", "rehearsal", "rotation")
# A machine of a developer sets these now and then; with them every start would compile everything anew.
LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
BARE_TASK = '''
@task(auto_shortflags=False, help={{"profile": "name of a file", "auto": "act without asking"}})
def task_{number}(_context, profile=None, auto=False):
    """Do the thing that has the number {number}."""
'''


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One promise: what was measured, beside what, and the most that it may be.

    `worked`: seconds of processor time, all its programs together. On a busy machine they tell what the clock cannot.
    """

    what: str
    ours: float
    beside: str
    theirs: float
    limit: float
    unit: str = ""
    worked: float = 0

    @property
    def value(self) -> float:
        """What is held against the limit: a ratio where there is something to compare with."""
        return self.ours / self.theirs if self.theirs else self.ours

    def __str__(self) -> str:
        ours, theirs = f"{self.ours:.2f} {self.unit}", f"{self.theirs:.2f} s" if self.theirs else ""
        held = f"ratio {self.value:.2f}" if self.theirs else ""
        verdict = f"at most {self.limit:g}: {'ok' if self.value <= self.limit else 'OVER'}"
        worked = f"   {self.worked:.1f} s of processor time" if self.worked else ""
        return f"{self.what:<30}{ours:>10}   {self.beside:<27}{theirs:>7}   {held:<11}{verdict}{worked}"


def main() -> None:
    """Measure the parts that are asked for, and print each as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="interleaved runs of each short command")
    parser.add_argument("--rehearsals", type=int, default=3, help="whole rehearsals")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part (repeatable)")
    wanted = parser.parse_args()
    parts: Mapping[str, Callable[[], Iterator[Measured]]] = {
        "list": lambda: list_of_commands(wanted.rounds),
        "first-line": lambda: first_line(wanted.rounds),
        "lab": lambda: lab_start(wanted.rounds),
        "rehearsal": lambda: rehearsal(wanted.rehearsals),
        "rotation": lambda: rotation(wanted.rehearsals),
    }
    _say(f"load before: {_load()} on {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    for name in wanted.only or PARTS:
        for measured in parts[name]():
            _say(str(measured))
    _say(f"load after: {_load()}")


def list_of_commands(rounds: int) -> Iterator[Measured]:
    """`invoke --list` here, against Invoke with as many tasks that do nothing."""
    with tempfile.TemporaryDirectory() as folder:
        number = len([line for line in _output(*INVOKE, "--list").splitlines() if line.startswith("  ")])
        tasks = "".join(BARE_TASK.format(number=each) for each in range(number))
        Path(folder, "tasks.py").write_text(f"from invoke.tasks import task\n{tasks}", encoding="utf-8")
        bare = (str(BIN / "invoke"), "--search-root", folder, "--list")
        ours, theirs = interleaved(rounds, lambda: whole(*INVOKE, "--list"), lambda: whole(*bare))
    beside = f"bare Invoke, {number} tasks"
    yield Measured(what="inv --list", ours=ours, unit="s", beside=beside, theirs=theirs, limit=1.3)


def first_line(rounds: int) -> Iterator[Measured]:
    """The first line of the first step of `deploy`, against `ansible-playbook --version`."""
    ansible = (str(BIN / "ansible-playbook"), "--version")
    with started_world() as facts:
        deploy = (*INVOKE, "deploy", "--profile", facts["profile"])
        ours, theirs = interleaved(rounds, lambda: until_line(FIRST_STEP, *deploy), lambda: whole(*ansible))
    beside = "ansible-playbook --version"
    yield Measured(what="first line of the first step", ours=ours, unit="s", beside=beside, theirs=theirs, limit=1.0)


def lab_start(rounds: int) -> Iterator[Measured]:
    """From the command to a practice world that answers."""

    def once() -> float:
        begun = time.monotonic()
        with started_world():
            return time.monotonic() - begun

    (ours,) = interleaved(rounds, once)
    yield Measured(what="lab start", ours=ours, unit="s", beside="", theirs=0, limit=2.0)


def rehearsal(rounds: int) -> Iterator[Measured]:
    """A whole rehearsal of the deployment, and the most memory that its own process ever had."""
    peaks: list[float] = []
    worked: list[float] = []

    def once() -> float:
        with tempfile.TemporaryDirectory() as folder:
            begun, before = time.monotonic(), _processor_time()
            with _running(*INVOKE, "rehearse", "--runbook", "deploy", folder=folder) as process:
                peaks.append(_peak_of(process))
                if process.wait():
                    sys.exit(f"the rehearsal ended with {process.returncode}: run it by itself to see why")
            worked.append(_processor_time() - before)
            return time.monotonic() - begun

    (ours,) = interleaved(rounds, once)
    what = "rehearsal of deploy"
    yield Measured(what=what, ours=ours, unit="s", beside="", theirs=0, limit=30.0, worked=median(worked))
    if not any(peaks):
        _say("peak memory of the walking process: not measured, this system has no /proc")
        return
    yield Measured(what="its process, peak memory", ours=median(peaks), unit="MiB", beside="", theirs=0, limit=80.0)


def rotation(rounds: int) -> Iterator[Measured]:
    """`rotate-key --auto` in a hardened practice world, from the command to its end; nothing to soak."""

    def once() -> float:
        with started_world("--state", "hardened") as facts, tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            argv = (*INVOKE, "rotate-key", "--profile", facts["profile"], "--auto")
            with _running(*argv, folder=folder, ZOTOPS_STATE=folder) as process:
                for _ in process.stdout or ():
                    pass
                if process.wait():
                    sys.exit(f"the rotation ended with {process.returncode}: run it by itself to see why")
            return time.monotonic() - begun

    (ours,) = interleaved(rounds, once)
    yield Measured(what="rotation", ours=ours, unit="s", beside="", theirs=0, limit=10.0)


def interleaved(rounds: int, *runs: Callable[[], float]) -> tuple[float, ...]:
    """The median of each, taken in turns, so that a change of load meets them all; what is compared is warmed up."""
    if len(runs) > 1:
        for run in runs:
            run()
    turns = [[run() for run in runs] for _ in range(rounds)]
    return tuple(median(column) for column in zip(*turns, strict=True))


def whole(*argv: str) -> float:
    """Seconds from start to end of a process."""
    begun = time.monotonic()
    _output(*argv)
    return time.monotonic() - begun


def until_line(beginning: str, *argv: str) -> float:
    """Seconds from the start of a process to a line of its output that begins so; the process may come to its end."""
    took = 0.0
    with tempfile.TemporaryDirectory() as state:
        begun = time.monotonic()
        with _running(*argv, folder=state, ZOTOPS_STATE=state) as process:
            for line in process.stdout or ():
                if not took and line.startswith(beginning):
                    took = time.monotonic() - begun
    return took or sys.exit(f"{' '.join(argv)} never printed {beginning!r}")


@contextmanager
def started_world(*words: str) -> Iterator[dict[str, str]]:
    """A practice world in a process of its own; yields what its ready file says."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ready.json"
        with _running(*INVOKE, "lab", *words, "--ready-file", str(file), folder=folder) as process:
            while not file.exists():
                if process.poll() is not None:
                    sys.exit("the practice world did not start: run `./inv lab` to see why")
                time.sleep(0.005)
            yield json.loads(file.read_text(encoding="utf-8"))


@contextmanager
def _running(*argv: str, folder: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A process whose output is read to its end, and which is asked to end when nobody looks any more."""
    with subprocess.Popen(
        argv,
        cwd=folder,
        env=_environment() | more,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            for _ in process.stdout or ():
                pass
            process.wait()


def _peak_of(process: subprocess.Popen[str]) -> float:
    """MiB of memory that the process itself had at most (VmHWM, proc(5)), looked at until its output ends; or 0."""
    peak = 0
    for _ in process.stdout or ():
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        peak = max([peak, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))])
    return peak / 1024


def _processor_time() -> float:
    """Seconds of processor time of every program that was started from here, and of theirs, and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _output(*argv: str) -> str:
    done = subprocess.run(
        argv, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in LEFT_OUT}


def _load() -> str:
    return ", ".join(f"{number:.1f}" for number in os.getloadavg())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
