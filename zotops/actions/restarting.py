"""Waiting for the registry after a restart, and restarting it when nobody else did."""

from __future__ import annotations

from zotops.actions.waiting import wait_until
from zotops.errors import Unreachable
from zotops.model import World
from zotops.profile import Profile
from zotops.systems.server import RegistryHost
from zotops.systems.zot import open_zot

# A start that waits for a silent identity provider ends after 30 s (zot 2.1.20, measured).
PATIENCE = 45.0
# As many processes mean that it dies at each start.
TOO_MANY = 4
THERE = frozenset({200, 401})


def wait_for_registry(world: World, profile: Profile) -> str:
    """Until it answers; why it does not come back, in words, or "". Gives up early when it dies again and again."""
    host = RegistryHost(world=world, profile=profile)
    seen: set[int] = set()

    def missing() -> str:
        process = host.pid()
        seen.update({process} if process else ())
        if len(seen) >= TOO_MANY:
            return ""
        return _silence(world, profile) if process else "it does not run"

    late = wait_until(world, "registry", missing, within=PATIENCE)
    if len(seen) >= TOO_MANY:
        late = f"it dies at each start, {len(seen)} times so far"
    world.tell("registry", f"does not come back: {late}" if late else "answers")
    return late


def _silence(world: World, profile: Profile) -> str:
    try:
        status = open_zot(world, profile).ping().status
    except Unreachable as error:
        return error.what
    return "" if status in THERE else f"GET /v2/ answers {status}"


def make_up_for_lost_restart(world: World, profile: Profile, *, pid_before: int | None) -> None:
    """Restart the registry if its process is older than its configuration: running the play again would not."""
    host = RegistryHost(world=world, profile=profile)
    process, written = host.process(), host.modified(profile.server.config)
    if process and written is not None and process.is_older_than(written, pid_before=pid_before):
        world.tell("restart", "was lost with an earlier play; making up for it")
        host.restart()
        wait_for_registry(world, profile)
