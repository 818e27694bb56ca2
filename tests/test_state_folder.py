"""One run at a time, and a lock that lasts as long as the last child."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from zotops.errors import ConfigurationIsWrong, LockedByAnother
from zotops.state_folder import Lock, fingerprint_key, lock_path, state_folder

ROOT = Path(__file__).parent.parent
URL = "https://registry.example.org"


def refuses(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_folder_is_where_the_environment_says_and_the_users_alone(tmp_path: Path) -> None:
    named = tmp_path / "deep" / "state"
    assert state_folder({"ZOTOPS_STATE": str(named)}) == named
    assert stat.S_IMODE(named.stat().st_mode) == 0o700


def test_without_a_word_it_is_the_users_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    folder = state_folder({})
    assert folder.is_relative_to(tmp_path)
    assert folder.name == "zotops"


def test_an_unusable_folder_is_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationIsWrong, match="set ZOTOPS_STATE"):
        state_folder({"ZOTOPS_STATE": str(tmp_path / "file" / "state")})


def test_the_key_of_fingerprints_is_made_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: fingerprint_key(tmp_path), range(32)))
    assert len(keys) == 1
    assert {len(key) for key in keys} == {32}
    assert stat.S_IMODE((tmp_path / "fingerprint-key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["fingerprint-key"]


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fingerprint-key").write_bytes(b"short")
    with pytest.raises(ConfigurationIsWrong, match="5 bytes instead of 32"):
        fingerprint_key(tmp_path)


def test_a_full_disk_is_said_and_leaves_no_half_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", refuses)
    with pytest.raises(ConfigurationIsWrong, match=f"{tmp_path}/fingerprint-key cannot be used: No space left"):
        fingerprint_key(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_locks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lock_path(tmp_path, "https://a")
    with monkeypatch.context() as full:
        full.setattr("os.pwrite", refuses)
        with pytest.raises(ConfigurationIsWrong, match=f"the lock {path} cannot be used: No space left") as refused:
            Lock(path, owner="one")
    assert "make room" in refused.value.remedy
    Lock(path, owner="two").release()


def test_a_place_for_locks_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "locks").touch()
    with pytest.raises(ConfigurationIsWrong, match="cannot be used: File exists"):
        Lock(lock_path(tmp_path, "https://a"), owner="one")


def test_a_second_run_is_told_whose_the_first_is(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    with Lock(path, owner="run 7f3a of alex on gilbert, process 12"):
        with pytest.raises(LockedByAnother, match="run 7f3a of alex on gilbert, process 12") as caught:
            Lock(path, owner="another")
        assert caught.value.exit_code == 6
    with Lock(path, owner="another"):
        assert path.read_text().splitlines()[0] == "another"


def test_what_a_dead_run_left_in_the_file_locks_nothing(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    Lock(path, owner="a run with a long name").release()
    Lock(path, owner="short").release()
    assert path.read_text() == f"short\n{os.getpid()} {socket.gethostname()}\n"


@pytest.mark.parametrize("same", ["https://registry.example.org/", "https://Registry.example.org"])
def test_one_registry_has_one_lock(tmp_path: Path, same: str) -> None:
    assert lock_path(tmp_path, same) == lock_path(tmp_path, URL)


@pytest.mark.parametrize("other", ["http://registry.example.org", "https://registry.example.org:5000", f"{URL}/a"])
def test_two_registries_have_two(tmp_path: Path, other: str) -> None:
    assert lock_path(tmp_path, other) != lock_path(tmp_path, URL)


RUN = """
import subprocess, sys
from pathlib import Path
from zotops.state_folder import Lock
lock = Lock(Path(sys.argv[1]), owner="run 7f3a of alex")
child = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=[lock.descriptor])
print(child.pid, flush=True)
input()
"""


@contextmanager
def a_run_with_a_child(path: Path, seconds: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A run that holds the lock, and the number of its child, which works for so many seconds."""
    words = [sys.executable, "-c", RUN, str(path), seconds]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as run:
        assert run.stdout
        child = int(run.stdout.readline())
        try:
            yield run, child
        finally:
            run.kill()
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_a_run_in_another_process_is_not_waited_for(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    told: list[str] = []
    with a_run_with_a_child(path, "30"), pytest.raises(LockedByAnother, match="worked on by run 7f3a of alex: wait"):
        Lock(path, owner="second", waiting=told.append)
    assert told == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="only lsof could tell here which processes hold a lock")
def test_the_programs_of_a_killed_run_are_named_and_waited_for(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    told: list[str] = []
    with a_run_with_a_child(path, "1.2") as (run, child):
        run.kill()
        os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table of processes
        with pytest.raises(LockedByAnother, match=f"was ended, but its programs still work: sleep .process {child}"):
            Lock(path, owner="hasty")
        began = time.monotonic()
        Lock(path, owner="patient", waiting=told.append).release()
        assert time.monotonic() - began > 0.2
    assert told == [f"run 7f3a of alex was ended, but its programs still work: sleep (process {child})"]


def test_waiting_has_an_end(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    with a_run_with_a_child(path, "30") as (run, _):
        run.kill()
        run.wait()
        with pytest.raises(LockedByAnother, match="wait until they have ended, or end them"):
            Lock(path, owner="second", waiting=lambda _: None, patience=0.3)


def test_a_run_on_another_machine_is_never_taken_for_dead(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    with Lock(path, owner="run of alex@elsewhere"):
        path.write_text("run of alex@elsewhere\n999999 elsewhere\n")
        with pytest.raises(LockedByAnother, match="worked on by run of alex@elsewhere"):
            Lock(path, owner="second", waiting=lambda _: None)


def test_a_lock_without_a_word_is_a_lock(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    with Lock(path, owner="first"):
        path.write_text("")
        with pytest.raises(LockedByAnother, match="a run that did not say whose it is"):
            Lock(path, owner="second")


def test_a_child_that_was_not_given_the_lock_does_not_keep_it(tmp_path: Path) -> None:
    path = lock_path(tmp_path, URL)
    lock = Lock(path, owner="first")
    child = subprocess.Popen(
        [sys.executable, "-c", "print(); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        close_fds=False,
    )
    assert child.stdout
    assert child.stdout.read(1)  # only now it is certain that the kernel has closed what the child should not have
    lock.release()
    Lock(path, owner="second").release()
    child.communicate("\n")
