"""`--watch`: it looks again while something is not as it should be, and ends when all is green or with Ctrl-C."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

from tests.commands.verifying import INVOKE, ROOT, Hardened, handed
from zotops.lab import vault
from zotops.lab.faults.breaking import in_file

WORDS = ("--only", "access.ci,clock", "--watch")
RIGHT, WRONG = '"actions": ["read", "create"]', '"actions": ["read", "create", "update"]'
CONFIGURATION = "host/zot/config.json"
RED, GREEN = "RED zot-ci may not overwrite a tag", "ok zot-ci may not overwrite a tag"


class Watching:
    """A call that runs: what it has said so far, and how it ends."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def end(self) -> None:
        """Kill what still runs, and have read its last line before anybody closes the pipe."""
        self.process.kill()
        self._listener.join()

    def hears(self, text: str, times: int = 1) -> None:
        """Wait until that has been said so often."""
        until = time.monotonic() + 60
        while sum(text in line for line in self.lines) < times:
            assert time.monotonic() < until, "\n".join(self.lines)
            time.sleep(0.02)


@contextmanager
def watching(profile: Path, *words: str, **environment: str) -> Iterator[Watching]:
    argv = [str(INVOKE), "verify", "--profile", str(profile), *WORDS, *words]
    with subprocess.Popen(
        argv,
        cwd=ROOT,
        env={**os.environ, "TERM": "dumb", "PYTHONIOENCODING": "ascii", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        call = Watching(process)
        try:
            yield call
        finally:
            call.end()


@contextmanager
def overwriting(world: Hardened) -> Iterator[None]:
    """CI may overwrite, as soon as the registry has read its rules again."""
    in_file(CONFIGURATION, RIGHT, WRONG)(world.root)
    try:
        until = time.monotonic() + 60
        while not world.verify(*WORDS[:2], "--quiet").code:
            assert time.monotonic() < until
        yield
    finally:
        in_file(CONFIGURATION, WRONG, RIGHT)(world.root)


def test_it_ends_green_once_what_was_red_is_mended(world: Hardened) -> None:
    with ExitStack() as stack:
        with overwriting(world):
            call = stack.enter_context(watching(world.root / "profile.toml"))
            call.hears(RED)
            call.hears("Again in 5 s, until it is green. Ctrl-C ends it.")
        assert call.process.wait(60) == 0
        call.hears(GREEN)
    said = "\n".join(call.lines)
    assert said.index(RED) < said.index("Again in") < said.index(GREEN)
    assert said.count("Again in") == said.count(RED)


def test_it_looks_once_where_all_is_green(world: Hardened) -> None:
    done = world.verify(*WORDS, TERM="dumb", PYTHONIOENCODING="ascii")
    assert (done.code, done.out.count(GREEN), "Again" in done.out) == (0, 1, False)


def test_ctrl_c_ends_it_between_two_looks(world: Hardened) -> None:
    with overwriting(world), watching(world.root / "profile.toml") as call:
        call.hears("Again in 5 s")
        call.process.send_signal(signal.SIGINT)
        assert call.process.wait(10) == 130
        call.hears("interrupted")


def test_what_is_handed_over_in_a_variable_is_there_for_every_look(world: Hardened, tmp_path: Path) -> None:
    ref = world.profile.current_key.secret
    key = vault.value_of(world.state.read("vault"), ref.item, ref.field) or ""
    profile = Path(handed(world, tmp_path, 'variable = "ZOT_CI_API_KEY"'))
    words = ("--store", "environment")
    with overwriting(world), watching(profile, *words, ZOT_CI_API_KEY=key) as call:
        call.hears(RED, times=2)
    assert "is not set" not in "\n".join(call.lines)
