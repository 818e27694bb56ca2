"""Programs of a few lines that stand in for real ones, and a clock that does not wait."""

import time
from dataclasses import replace
from pathlib import Path

import msgspec

from tests.systems.outside import Safe, profile_of, world_of
from zotops.doors import RealClock
from zotops.model import Facts
from zotops.profile import Profile
from zotops.world import World

NOTHING: Facts = {}
USUAL = ("sh", "cat", "date", "test", "printf", "echo")


class FlyingClock(RealClock):
    """Sleeps a hundredth of a second at most, and counts it as slept in full."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def ticks(self) -> float:
        return super().ticks() + self._ahead

    def sleep(self, seconds: float) -> None:
        slept = min(seconds, 0.01)
        time.sleep(slept)
        self._ahead += seconds - slept


def with_programs(folder: Path, **scripts: str) -> tuple[Profile, World]:
    """A profile whose PATH has these sh scripts and the usual small tools, and the world that it leads to."""
    profile = profile_of(folder, registry="http://127.0.0.1:9")
    path = folder / "bin"
    path.mkdir(exist_ok=True)
    (folder / "checkout").mkdir(exist_ok=True)
    for name, body in scripts.items():
        program = path / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    programs = msgspec.structs.replace(profile.programs, search_path=f"{path}:/usr/bin:/bin", environment={})
    profile = msgspec.structs.replace(profile, programs=programs)
    return profile, world_of(profile, Safe())


def flying(world: World) -> World:
    """The same world, in which nobody waits."""
    return replace(world, clock=FlyingClock())
