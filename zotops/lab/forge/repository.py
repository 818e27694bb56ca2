"""Reading the forge's bare repositories with the real git."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_FIELDS = ("%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B")
_BETWEEN, _END = "\x1f", "\x1e"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit as `git log` tells it; times are ISO 8601."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]
    committer: tuple[str, str, str]
    message: str


@dataclass(frozen=True)
class Repository:
    """One bare repository."""

    folder: Path

    def commit_of(self, ref: str) -> tuple[str, str] | None:
        """Full id and full name of a branch, tag or commit; None when there is no such thing."""
        named = () if re.fullmatch(r"[0-9a-f]{40}", ref) else (f"refs/heads/{ref}", f"refs/tags/{ref}")
        for full in (*named, ref):
            if sha := self._resolved(full):
                return sha, full
        return None

    def file_at(self, sha: str, path: str) -> bytes | None:
        """The content of a file in a commit; None when it is not there."""
        done = self._git("cat-file", "blob", f"{sha}:{path}")
        return done.stdout if done.returncode == 0 else None

    def count_commits(self, sha: str, path: str = "") -> int:
        """How many commits lead to this one, or only those that touch `path`."""
        return int(self._git("rev-list", "--count", sha, "--", *_paths(path)).stdout or 0)

    def commits(self, sha: str, *, limit: int, skip: int = 0, path: str = "") -> list[Commit]:
        """The newest commits first."""
        shape = _BETWEEN.join(_FIELDS) + _END
        wanted = (f"--max-count={limit}", f"--skip={skip}", f"--format={shape}")
        text = self._git("log", *wanted, sha, "--", *_paths(path)).stdout.decode(errors="replace")
        return [_parse_commit(record) for record in text.split(_END) if record.strip()]

    def _resolved(self, ref: str) -> str:
        # Only plain names: `main~3` and the like are git's own language, which the API does not speak.
        if not re.fullmatch(r"[\w./@+-]+", ref):
            return ""
        done = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else ""

    def _git(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        # Nothing of the operator's own configuration may change what is read.
        kept = {name: os.environ[name] for name in ("PATH", "ZOTOPS_LAB_WORLD") if name in os.environ}
        environment = {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        argv = ("git", f"--git-dir={self.folder}", *words)
        return subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _paths(path: str) -> tuple[str, ...]:
    return (path,) if path else ()


def _parse_commit(record: str) -> Commit:
    sha, tree, parents, *people, message = record.lstrip("\n").split(_BETWEEN, len(_FIELDS) - 1)
    author, committer = people[:3], people[3:]
    return Commit(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author=(author[0], author[1], author[2]),
        committer=(committer[0], committer[1], committer[2]),
        message=message,
    )
