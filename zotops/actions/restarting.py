"""Waiting for the registry after a restart, and restarting it when nobody else did."""

from __future__ import annotations

from dataclasses import dataclass, field

from zotops.actions.waiting import wait_until
from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.systems.server import RegistryHost
from zotops.systems.zot import open_zot
from zotops.world import World

# A start that waits for a silent identity provider ends after 30 s (zot 2.1.20, measured).
PATIENCE = 45.0
# launchd starts a job that died again after 10 s; one that is gone for longer stays gone.
GONE = 15.0
# As many processes mean that it dies at each start.
TOO_MANY = 4
THERE = frozenset({200, 401})


@dataclass
class Comeback:
    """What was seen of the registry since its restart; it is hopeless when it dies again and again, or stays away."""

    world: World
    profile: Profile
    seen: set[int] = field(default_factory=set)
    gone_since: float | None = None

    def missing(self) -> str:
        """What it still lacks; "" when it is there, and when waiting is of no use."""
        process, now = RegistryHost(world=self.world, profile=self.profile).pid(), self.world.clock.ticks()
        if process is None:
            self.gone_since = now if self.gone_since is None else self.gone_since
            return "" if now - self.gone_since >= GONE else "it does not run"
        self.gone_since = None
        self.seen.add(process)
        return "" if len(self.seen) >= TOO_MANY else _silence(self.world, self.profile)

    @property
    def hopeless(self) -> str:
        """Why waiting is of no use, or ""."""
        if len(self.seen) >= TOO_MANY:
            return f"it dies at each start, {len(self.seen)} times so far"
        return "it does not run" if self.gone_since is not None else ""


def wait_for_registry(world: World, profile: Profile) -> str:
    """Until it answers; why it does not come back, in words, or "". Gives up early when that is hopeless."""
    comeback = Comeback(world, profile)
    late = wait_until(world, "registry", comeback.missing, within=PATIENCE)
    late = comeback.hopeless or late
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
