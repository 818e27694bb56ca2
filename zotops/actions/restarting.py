"""Waiting for the registry after a restart, and restarting it when nobody else did."""

from __future__ import annotations

from zotops.actions.waiting import wait_until
from zotops.errors import ActionFailed, Unreachable
from zotops.model import World
from zotops.profile import Profile
from zotops.systems.server import RegistryHost
from zotops.systems.zot import open_zot

# A start that waits for a silent identity provider ends after 30 s (zot 2.1.20, measured).
PATIENCE = 45.0
# As many processes mean that it dies at each start.
TOO_MANY = 4
REFUSED_OR_NOT = frozenset({200, 401})


def wait_for_registry(world: World, profile: Profile) -> None:
    """Until it answers. ActionFailed when it does not come back: it dies again and again, or `PATIENCE` is over."""
    host = RegistryHost(world=world, profile=profile)
    seen: set[int | None] = set()

    def missing() -> str:
        process = host.pid()
        seen.add(process)
        if process is None:
            return "it does not run"
        return "" if len(seen - {None}) >= TOO_MANY else _silence(world, profile)

    late = wait_until(world, "registry", missing, within=PATIENCE)
    if len(seen - {None}) >= TOO_MANY:
        late = f"it dies at each start: {len(seen - {None})} processes so far"
    if late:
        raise ActionFailed(
            f"the registry does not come back: {late}",
            remedy=f"read its log on {profile.server.ssh}; `invoke deploy --undo deploy-zot` takes the change back",
        )
    world.tell("registry", "answers")


def _silence(world: World, profile: Profile) -> str:
    try:
        status = open_zot(world, profile).ping().status
    except Unreachable as error:
        return error.what
    return "" if status in REFUSED_OR_NOT else f"GET /v2/ answers {status}"


def make_up_for_lost_restart(world: World, profile: Profile, *, pid_before: int | None) -> bool:
    """Restart the registry if its process is older than its configuration; whether that was necessary."""
    host = RegistryHost(world=world, profile=profile)
    process, written = host.process(), host.modified(profile.server.config)
    if process is None or written is None or not process.is_older_than(written, pid_before=pid_before):
        return False
    world.tell("restart", "was lost with an earlier play; making up for it")
    host.restart()
    wait_for_registry(world, profile)
    return True
