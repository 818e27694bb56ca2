"""Asking git repositories, without a checkout of them."""

from __future__ import annotations

import re

from zotops.errors import Unreachable
from zotops.world import World

FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
PATIENCE = 60.0


def newest_commit(world: World, repository: str, branch: str) -> str:
    """Full id of the newest commit of a branch, as the repository itself tells it now (git-ls-remote(1))."""
    ref = f"refs/heads/{branch}"
    done = world.programs.run(("git", "ls-remote", "--", repository, ref), timeout=PATIENCE)
    if done.code != 0:
        raise Unreachable(
            f"git ls-remote {repository} ended with {done.code}: {_last_line(done.err)}",
            remedy="can your ssh key read that repository?",
        )
    for line in done.out.splitlines():
        commit, _, name = line.partition("\t")
        if name == ref and FULL_ID.fullmatch(commit):
            return commit
    raise Unreachable(f"{repository} has no branch {branch}", remedy="is argocd.target_revision right in the profile?")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
