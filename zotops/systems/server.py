"""The registry's machine, reached by ssh: its files, the registry's process, and addresses as seen from there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Profile
from zotops.world import Finished, Headers, Reply, Secret, World

SSH_FAILED = 255
PATIENCE = 30.0
# Never a question: nobody could answer it, stdin is closed.
SSH = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10")


@dataclass(frozen=True, kw_only=True)
class Process:
    """The registry's process: its id, and when it began, in whole seconds of the server's clock, give or take one."""

    pid: int
    began: int

    def is_older_than(self, written: int, *, pid_before: int | None = None) -> bool:
        """Whether it cannot have read a file written then, so that its restart was lost.

        Both times are whole seconds, and `ps` may be a second off, so close to each other they tell nothing; then it
        is the old process that missed the file: the one from before the writing, if the caller knows which that was.
        """
        if self.began + 2 <= written:
            return True
        return self.began < written + 3 and self.pid == pid_before


@dataclass(frozen=True, kw_only=True)
class RegistryHost:
    """The machine that the registry runs on. Every call may raise Unreachable: ssh did not get there."""

    world: World
    profile: Profile

    def run(self, *words: str, stdin: Secret | None = None, timeout: float = PATIENCE) -> Finished:
        """Run one program there; its words arrive exactly as given, whatever shell the account has."""
        name = self.profile.server.ssh
        done = self.world.programs.run((*SSH, name, shlex.join(words)), stdin=stdin, timeout=timeout)
        if done.code == SSH_FAILED:
            said = done.err.strip().splitlines()
            raise Unreachable(
                f"ssh {name} failed: {said[-1] if said else 'it said nothing'}",
                remedy=f"try `ssh {name}` yourself; is the machine on, and is your key loaded?",
            )
        return done

    def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, timeout: float = 10.0) -> Reply:
        """One request without a body, made by curl over there; `headers` are seen in its process list: no secrets."""
        named = [word for name, value in (headers or {}).items() for word in ("-H", f"{name}: {value}")]
        how = ("-I",) if method == "HEAD" else ("-i", "-X", method)
        words = ("curl", "-sS", "--max-time", f"{timeout:g}", *how, *named, "--", url)
        done = self.run(*words, timeout=timeout + PATIENCE)
        if done.code != 0:
            said = done.err.strip() or f"curl ended with {done.code}"
            raise Unreachable(f"{url}, asked from {self.profile.server.ssh}, does not answer: {said}")
        return parse_reply(method, url, done.out)

    def read_file(self, path: str) -> str | None:
        """A file's text; None when there is none."""
        if not self.has_file(path):
            return None
        done = self.run("cat", path)
        if done.code != 0:
            raise Unreachable(f"{path} on {self.profile.server.ssh} cannot be read: {done.err.strip()}")
        return done.out

    def write_file(self, path: str, text: str) -> None:
        """Write a file that only its owner may read; the text goes through a pipe."""
        script = f"umask 077 && cat > {shlex.quote(path)}"
        self._must(self.run("sh", "-c", script, stdin=Secret(text)), f"write {path}")

    def keep_file(self, path: str, kept: str) -> None:
        """Copy a file, with its times and rights, unless the copy is there already."""
        if not self.has_file(kept):
            self._must(self.run("cp", "-p", path, kept), f"copy {path}")

    def copy_file(self, path: str, to: str) -> None:
        """Copy a file; the copy is as young as it is."""
        self._must(self.run("cp", path, to), f"copy {path}")

    def rename(self, path: str, to: str) -> None:
        """Put one file in the place of another, at once."""
        self._must(self.run("mv", "-f", path, to), f"rename {path}")

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is fine."""
        self._must(self.run("rm", "-f", path), f"remove {path}")

    def has_file(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.run("test", "-e", path).code == 0

    def modified(self, path: str) -> int | None:
        """When a file was last written, in whole seconds of the server's clock; None when it is not there."""
        how = ("-f", "%m") if self.profile.server.os == "darwin" else ("-c", "%Y")
        done = self.run("stat", *how, path)
        return int(done.out) if done.code == 0 and done.out.strip().isdecimal() else None

    def pid(self) -> int | None:
        """The process of the registry's service; None when the service is not loaded or not running (launchctl(1))."""
        done = self.run("launchctl", "list", self.profile.server.service)
        found = re.search(r'^\s*"PID" = (\d+);', done.out, re.MULTILINE)
        return int(found[1]) if done.code == 0 and found else None

    def process(self) -> Process | None:
        """The registry's process and its age; None when there is none."""
        pid = self.pid()
        if pid is None:
            return None
        done = self.run("sh", "-c", f"date +%s && ps -o etime= -p {pid}")
        now, _, etime = done.out.strip().partition("\n")
        if done.code != 0 or not now.strip().isdecimal():
            return None
        return Process(pid=pid, began=int(now) - parse_etime(etime))

    def restart(self) -> None:
        """Unload and load the service, as the role's handler does; load succeeds even if the registry then dies."""
        plist = self.profile.server.plist
        self.run("launchctl", "unload", plist, timeout=60.0)
        self._must(self.run("launchctl", "load", plist), f"load {plist}")

    def refusal_of(self, path: str) -> str:
        """What the registry's own `verify` says against a configuration file; empty when it takes it."""
        done = self.run(self.profile.server.binary, "verify", path)
        if done.code == 0:
            return ""
        return _first_error(done.out) or done.err.strip().partition("\n")[0] or f"`verify` ended with {done.code}"

    def _must(self, done: Finished, what: str) -> None:
        if done.code != 0:
            raise ActionFailed(f"cannot {what} on {self.profile.server.ssh}: {done.err.strip() or done.code}")


def _first_error(log: str) -> str:
    """The first error in a log of JSON lines; "" when there is none."""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("error"):
            return f"{entry.get('message')}: {entry['error']}"[:300]
    return ""


def parse_etime(text: str) -> int:
    """Seconds of `[[dd-]hh:]mm:ss` (ps(1), etime)."""
    days, _, rest = text.strip().rpartition("-")
    seconds = 0
    try:
        for part in rest.split(":"):
            seconds = seconds * 60 + int(part)
        return seconds + int(days or 0) * 86400
    except ValueError as error:
        raise Unreachable(f"ps says {text.strip()!r}, which is no elapsed time") from error


def parse_reply(method: str, url: str, printed: str) -> Reply:
    """What `curl -i` printed: status line, headers, an empty line, the body."""
    head, _, body = printed.partition("\r\n\r\n" if "\r\n\r\n" in printed else "\n\n")
    status, *lines = head.splitlines() or [""]
    words = status.split()
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():  # noqa: PLR2004 - version, status
        raise Unreachable(f"{url} answered something that is not HTTP")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Reply(method=method, url=url, status=int(words[1]), headers=Headers(pairs), body=body.encode())
