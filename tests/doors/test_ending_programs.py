"""However a program is ended, nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.doors.child_programs import alive, programs, python
from zotops.errors import Unreachable

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


def test_a_program_that_takes_too_long_is_ended_with_all_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    short = tuple((sign, 0.2) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
    monkeypatch.setattr("zotops.children.FAREWELL", short)
    seen: list[str] = []
    with pytest.raises(Unreachable, match=r"did not end within 0\.5 s; the last it said: \d+ \d+"):
        programs().run(python(STUBBORN), timeout=0.5, on_line=seen.append)
    assert not any(alive(int(pid)) for pid in seen[0].split())


def test_what_it_printed_is_not_quoted_where_nobody_was_told_of_it() -> None:
    """It may be the very secret that was asked for."""
    with pytest.raises(Unreachable) as caught:
        programs().run(python("import time; print('a link that signs in', flush=True); time.sleep(60)"), timeout=0.5)
    assert str(caught.value).startswith(f"`{python('')[0]}` did not end within 0.5 s: ")


def test_ctrl_c_lets_it_say_goodbye_and_leaves_nothing_behind() -> None:
    text = """
import os, time
try:
    print(os.getpid(), flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("cleaned up", flush=True)
"""
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        if len(seen) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        programs().run(python(text), on_line=on_line)
    assert seen[1] == "cleaned up"
    assert not alive(int(seen[0]))


def test_a_listener_that_fails_leaves_nothing_behind() -> None:
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        programs().run(python("import os, time; print(os.getpid(), flush=True); time.sleep(60)"), on_line=on_line)
    assert not alive(int(seen[0]))


def test_closing_ends_what_runs_in_other_threads() -> None:
    door = programs()
    with ThreadPoolExecutor(1) as pool:
        text, begun = "import time; print('begun', flush=True); time.sleep(60)", Event()
        running = pool.submit(door.run, python(text), on_line=lambda _line: begun.set())
        assert begun.wait(30)
        door.close()
        with pytest.raises(Unreachable, match="was stopped because zotops ends"):
            running.result(timeout=10)


def test_what_a_program_leaves_in_the_background_is_not_waited_for() -> None:
    text = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(30)"])
print(child.pid)
"""
    began = time.monotonic()
    done = programs().run(python(text))
    assert time.monotonic() - began < 5
    os.kill(int(done.out), signal.SIGKILL)
