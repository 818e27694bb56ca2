import json
import os
import plistlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zotops.lab.state import State

SOURCE = Path(__file__).parents[2]
LABEL = "practice.zot"
# A server that says when it was started, and stays until it is ended.
STAYS = "import sys, time; sys.stderr.write('up\\n'); sys.stderr.flush(); time.sleep(60)"
# One that also leaves a child behind and does not care for SIGTERM.
STUBBORN = (
    "import signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "subprocess.Popen(['/bin/sleep', '60']); open('ready', 'w').close(); time.sleep(60)"
)


class Supervised:
    """A folder with just what a supervisor needs, and the supervisor."""

    def __init__(self, root: Path, program: str = STAYS) -> None:
        self.root = root
        for folder in ("host/zot", "host/LaunchAgents", "state", "log", "home", "tmp"):
            (root / folder).mkdir(parents=True)
        (root / "host" / "zot" / "config.json").write_text("{}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        world = {"supervisor": {"port": self.port}, "identity_provider": {"port": 1}, "names": {"service": LABEL}}
        (root / "world.json").write_text(json.dumps(world))
        (root / "servers.json").write_text("[]")
        self.plist = root / "host" / "LaunchAgents" / f"{LABEL}.plist"
        command = [sys.executable, "-S", "-c", program]
        log = str(root / "log" / "zot.log")
        agent = {"Label": LABEL, "ProgramArguments": command, "KeepAlive": True, "StandardErrorPath": log}
        self.plist.write_bytes(plistlib.dumps(agent))
        self.supervisor = self.started()

    def started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-E", "-S", "-m", "zotops.lab.supervisor", str(self.root)]
        return subprocess.Popen(command, cwd=SOURCE, stdin=subprocess.PIPE)

    def ask(self, **request: object) -> dict[str, Any]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(connection.makefile("rb").readline())
        return answer

    def job(self) -> dict[str, Any]:
        job: dict[str, Any] = State(self.root / "state").read("processes").get(LABEL, {})
        return job

    def pid(self, *, other_than: int | None = None) -> int:
        """The registry's process, once there is one other than that."""
        pid: int = until(lambda: (found := self.job().get("pid")) and found != other_than and found)
        return pid

    def end(self) -> float:
        """Close the supervisor's stdin, as the end of its parent does, and return the seconds until it is gone."""
        assert self.supervisor.stdin
        begun = time.monotonic()
        self.supervisor.stdin.close()
        self.supervisor.wait(5)
        return time.monotonic() - begun


def until(met: Callable[[], Any], seconds: float = 10.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := met()):
        assert time.monotonic() < end, "this never happened"
        time.sleep(0.01)
    return found


def is_there(pid: int) -> bool:
    """Whether a process runs; one that ended and was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    running = Supervised(tmp_path / "w")
    yield running
    running.end()


def test_the_launch_agent_is_started_and_its_process_is_noted(supervised: Supervised) -> None:
    pid = supervised.pid()
    assert is_there(pid)
    assert supervised.job()["started"] == pytest.approx(time.time(), abs=10)
    assert supervised.job()["last_exit"] is None
    until(lambda: (supervised.root / "log" / "zot.log").read_text() == "up\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ends_is_started_again_after_a_moment(supervised: Supervised, number: int) -> None:
    first, begun = supervised.pid(), time.monotonic()
    os.kill(first, number)
    second = supervised.pid(other_than=first)
    assert time.monotonic() - begun > 0.19
    assert is_there(second)
    assert not is_there(first)
    assert supervised.job()["last_exit"] == -number


def test_unload_ends_the_job_for_good_and_load_starts_it(supervised: Supervised) -> None:
    first = supervised.pid()
    assert supervised.ask(ask="unload", path=str(supervised.plist)) == {"ok": True}
    assert not is_there(first)
    assert supervised.job() == {}
    assert supervised.ask(ask="unload", path=str(supervised.plist)) == {"ok": False, "why": "not loaded"}
    assert supervised.ask(ask="load", path=str(supervised.plist)) == {"ok": True}
    assert is_there(supervised.pid(other_than=first))
    assert supervised.ask(ask="load", path=str(supervised.plist)) == {"ok": False, "why": "already"}
    assert supervised.ask(ask="load", path="/nowhere") == {"ok": False, "why": "missing"}


def test_kickstart_restarts_at_once(supervised: Supervised) -> None:
    first = supervised.pid()
    assert supervised.ask(ask="kickstart", label=LABEL, kill=True) == {"ok": True}
    assert is_there(supervised.pid(other_than=first))
    assert not is_there(first)
    assert supervised.ask(ask="kickstart", label="none", kill=True) == {"ok": False, "why": "not loaded"}


def test_a_load_succeeds_even_if_the_program_dies_at_once_and_again(supervised: Supervised) -> None:
    supervised.pid()
    with State(supervised.root / "state").edit("quirks") as document:
        document["registry"] = {"die_on_start": True}
    supervised.ask(ask="unload", path=str(supervised.plist))
    assert supervised.ask(ask="load", path=str(supervised.plist)) == {"ok": True}
    until(lambda: (supervised.root / "log" / "zot.log").read_text().count("practice fault") > 1)
    assert supervised.job()["last_exit"] == 1
    with State(supervised.root / "state").edit("quirks") as document:
        document.clear()
    assert until(lambda: (pid := supervised.job()["pid"]) and is_there(pid) and not dies(supervised, pid))


def dies(supervised: Supervised, pid: int) -> bool:
    time.sleep(0.1)
    return bool(supervised.job()["pid"] != pid)


def test_a_server_that_is_stopped_stays_away(supervised: Supervised) -> None:
    first = supervised.pid()
    assert supervised.ask(ask="stop", label=LABEL) == {"ok": True}
    assert not is_there(first)
    assert LABEL not in supervised.ask(ask="list")["jobs"]
    assert supervised.ask(ask="stop", label=LABEL) == {"ok": False, "why": "not loaded"}


def test_a_program_that_is_not_there_is_tried_again(supervised: Supervised) -> None:
    supervised.pid()
    supervised.ask(ask="unload", path=str(supervised.plist))
    agent = plistlib.loads(supervised.plist.read_bytes()) | {"ProgramArguments": ["/nowhere/zot"]}
    supervised.plist.write_bytes(plistlib.dumps(agent))
    assert supervised.ask(ask="load", path=str(supervised.plist)) == {"ok": True}
    until(lambda: (supervised.root / "log" / "zot.log").read_text().count("/nowhere/zot") > 1)


def test_nonsense_on_its_port_does_not_stop_it(supervised: Supervised) -> None:
    supervised.pid()
    with socket.create_connection(("127.0.0.1", supervised.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.recv(100) == b""
    assert supervised.ask(ask="list")["ok"]


def test_a_registry_with_a_login_waits_for_the_provider(tmp_path: Path) -> None:
    root = tmp_path / "w"
    supervised = Supervised(root)
    supervised.pid()
    supervised.end()
    with socket.socket() as provider:
        provider.bind(("127.0.0.1", 0))
        world = json.loads((root / "world.json").read_text())
        world["identity_provider"]["port"] = provider.getsockname()[1]
        (root / "world.json").write_text(json.dumps(world))
        (root / "host" / "zot" / "config.json").write_text('{"openid": {}}')
        supervised.supervisor = supervised.started()
        until(lambda: supervised.job() == {})
        time.sleep(0.3)
        assert supervised.job() == {}
        provider.listen()
        assert is_there(supervised.pid())
    supervised.end()


def test_the_end_of_its_stdin_ends_everything_quickly_even_what_does_not_want_to(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path / "w", program=STUBBORN)
    pid = supervised.pid()
    until((supervised.root / "host" / "ready").exists)
    group = [int(each) for each in members(pid)]
    assert len(group) == 2
    assert supervised.end() < 1.0
    assert supervised.supervisor.returncode == 0
    assert not any(is_there(each) for each in group)
    assert supervised.job()["pid"] is None


def members(group: int) -> list[str]:
    """The processes of a process group."""
    done = subprocess.run(["ps", "-eo", "pid=,pgid="], capture_output=True, text=True, check=True)
    return [pid for pid, of in (line.split() for line in done.stdout.splitlines()) if int(of) == group]


def test_sigterm_ends_everything_too(supervised: Supervised) -> None:
    pid = supervised.pid()
    supervised.supervisor.send_signal(signal.SIGTERM)
    supervised.supervisor.wait(5)
    assert not is_there(pid)


def test_it_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-m', 'zotops.lab.supervisor', {str(tmp_path / 'w')!r}], "
        f"stdin=subprocess.PIPE, cwd={str(SOURCE)!r}, start_new_session=True)\n"
        "print(child.pid, flush=True)\ntime.sleep(60)"
    )
    first = Supervised(tmp_path / "w")
    first.pid()
    first.end()
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as killed:
        assert killed.stdout
        supervisor = int(killed.stdout.readline())
        pid = first.pid()
        killed.kill()
    until(lambda: not is_there(supervisor) and not is_there(pid))
