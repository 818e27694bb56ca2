"""The real outside: HTTP, programs and the clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from zotops.children import Child, Lines, operators_environment
from zotops.connections import Connections
from zotops.errors import ConfigurationIsWrong, Unreachable
from zotops.no_answer import CutOff, why_no_answer
from zotops.redaction import Redactor
from zotops.traffic import Traffic
from zotops.world import Finished, Reply, Secret

GRACE = 0.5  # seconds by which the client's own, more telling time limits come first
SHORTEST_COOKIE = 16  # a shorter one is a setting, not a session
# Programs that leave a process behind on purpose, which must not keep a run's lock.
KEEP_RUNNING = frozenset({"op"})


class RealClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present, aware, UTC."""
        return datetime.now(UTC)

    def ticks(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))


class RealHttp:
    """One request after another, from any thread: no redirects, no cookies, no credentials, no body over 8 MiB."""

    def __init__(
        self, redactor: Redactor, *, environment: Mapping[str, str] = os.environ, traffic: Traffic | None = None
    ) -> None:
        """Of the environment only `https_proxy` and `no_proxy` count."""
        self._redactor = redactor
        self._traffic = traffic or Traffic()
        self._connections = Connections(environment)
        self._waiting: set[Event] = set()
        self._closed = False

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
    ) -> Reply:
        """Send one request. Unreachable, with the reason, when there is no whole answer within `timeout` seconds."""
        self._traffic.sent(method)
        ended: list[Reply | Exception] = []
        over = Event()

        def exchange() -> None:
            try:
                ended.append(self._connections.exchange(method, url, headers=headers, body=body, timeout=timeout))
            except Exception as error:  # noqa: BLE001  # raised again below, in the thread that asked
                ended.append(error)
            over.set()

        self._waiting.add(over)
        if not self._closed:
            # In a thread of its own: neither asking for a name nor an answer that trickles in can be limited otherwise.
            Thread(target=exchange, daemon=True).start()
            over.wait(timeout + GRACE)
        self._waiting.discard(over)
        why = "given up because zotops ends" if self._closed else f"no whole answer within {timeout:g} s"
        result = ended[0] if ended else CutOff(why)
        if isinstance(result, Reply):
            self._learn_cookies(result)
            return result
        reason = why_no_answer(result, timeout)
        if not reason:
            raise result
        what = f"{method} {self._redactor.redact(url.partition('?')[0])}: {reason}"
        # The cause is dropped: the client's own texts may quote a header, and so a key.
        raise Unreachable(what, remedy="is it running, and can this machine reach it?")

    def close(self) -> None:
        """Close all connections, and let nobody wait any longer in other threads; nothing is sent any more."""
        self._closed = True
        for over in tuple(self._waiting):
            over.set()
        self._connections.close()

    def _learn_cookies(self, reply: Reply) -> None:
        for line in reply.headers.all("set-cookie"):
            value = line.partition(";")[0].partition("=")[2].strip().strip('"')
            if len(value) >= SHORTEST_COOKIE:
                self._redactor.register(Secret(value), name=f"a cookie of {urlsplit(reply.url).hostname}")


class RealPrograms:
    """Runs programs in groups of their own, so that Ctrl-C ends them in order and none is left behind.

    A group, not a session: the vault asks for a finger once per terminal session.
    """

    def __init__(
        self,
        redactor: Redactor,
        *,
        search_path: str = "",
        environment: Mapping[str, str] | None = None,
        directory: str = "",
        inherit: Sequence[int] = (),
        traffic: Traffic | None = None,
    ) -> None:
        """`search_path` replaces PATH, and `environment` is all that a program gets; without them: the operator's own.

        Programs run in `directory` and inherit these descriptors: the run's lock.
        """
        self._redactor = redactor
        own = operators_environment(os.environ)
        self._environment = dict(own if environment is None else environment)
        self._environment["PATH"] = search_path or self._environment.get("PATH") or own.get("PATH", os.defpath)
        self._directory = directory
        self._inherit = tuple(inherit)
        self._traffic = traffic or Traffic()
        self._closing = Event()

    def find(self, name: str) -> str | None:
        """Full path of a program, or None."""
        return shutil.which(name, path=self._environment["PATH"])

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        timeout: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run to the end. Unreachable: not there, or ended because it took longer than `timeout` seconds."""
        words = stdin.reveal().encode("utf-8", "surrogateescape") if stdin else b""
        lines = [Lines(self._redactor, on_line) for _ in range(2)] if on_line else []
        with self._start(argv, piped=stdin is not None, environment=environment or {}) as process:
            child = Child(process, words, lines)
            try:
                ended = child.talk(timeout, self._closing)
            except BaseException as error:
                child.end(quietly=not isinstance(error, KeyboardInterrupt))
                raise
            if not ended:
                child.end()
        out, err = child.output()
        if ended:
            return Finished(argv=tuple(argv), code=process.returncode, out=out, err=err)
        # Quoted only where it was told all the while: elsewhere what it printed may be the very secret.
        said = self._redactor.redact(f"{out}\n{err}").splitlines() if lines else []
        last = [line for line in said if line.strip()][-1:]
        why = "was stopped because zotops ends" if self._closing.is_set() else f"did not end within {timeout:g} s"
        raise Unreachable(
            f"`{argv[0]}` {why}" + (f"; the last it said: {last[0].strip()}" if last else ""),
            remedy="it was ended; look at what it waits for by running it yourself",
        )

    def close(self) -> None:
        """End what still runs in other threads, and let nothing new begin."""
        self._closing.set()

    def _start(self, argv: Sequence[str], *, piped: bool, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        name = argv[0]
        self._traffic.ran(Path(name).name)
        program = self.find(name)
        if program is None:
            raise Unreachable(f"`{name}` is not installed", remedy=f"install {name}, or put it on PATH")
        directory = Path(self._directory).expanduser() if self._directory else None
        if directory and not directory.is_dir():
            raise ConfigurationIsWrong(
                f"{directory} is no folder", remedy="set `directory` under [programs] in the profile"
            )
        try:
            return subprocess.Popen(
                [program, *argv[1:]],
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**self._environment, **environment},
                cwd=directory,
                process_group=0,
                pass_fds=() if Path(name).name in KEEP_RUNNING else self._inherit,
            )
        except OSError as error:
            raise Unreachable(
                f"`{program}` cannot be started: {error.strerror}", remedy=f"install {name} anew"
            ) from error
