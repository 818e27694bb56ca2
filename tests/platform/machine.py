"""The registry's machine as a folder: ssh runs its words here; date, launchctl, ps and curl say what a test wants."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tests.platform.stand_ins import flying, with_programs
from tests.systems.outside import Safe, Table, TableServer, tabled
from zotops.profile import Profile
from zotops.world import World

# The second that it is there, whatever the time is here.
NOW = 2_000_000_000
LAUNCHCTL = """
echo "$1" >> {folder}/launchctl
[ "$1" = list ] || exit 0
read -r pid < {folder}/pids
[ "$(wc -l < {folder}/pids)" -le 1 ] || {{ tail -n +2 {folder}/pids > {folder}/rest; mv {folder}/rest {folder}/pids; }}
[ "$pid" != - ] || exit 113
printf '\\t"PID" = %s;\\n' "$pid"
"""


@dataclass(frozen=True)
class Machine:
    """`told`: what the world was told; `server`: what registry, provider and forge answer, one table for all."""

    folder: Path
    profile: Profile
    world: World
    server: TableServer
    told: list[tuple[str, str]]

    @property
    def config(self) -> Path:
        return Path(self.profile.server.config)

    def processes(self, *pids: int | None) -> None:
        """What launchctl says, one answer each time; the last one stays. None: it does not run."""
        lines = [str(pid or "-") for pid in pids]
        (self.folder / "pids").write_text("\n".join([*lines, ""]))

    def age(self, seconds: int) -> None:
        """How long the process has been running."""
        (self.folder / "etime").write_text(f"{seconds // 60:02}:{seconds % 60:02}\n")

    def wrote(self, seconds_ago: int) -> None:
        """When the configuration was written."""
        os.utime(self.config, (NOW - seconds_ago, NOW - seconds_ago))

    @property
    def restarts(self) -> int:
        """How often the service was loaded."""
        said = self.folder / "launchctl"
        return said.read_text().split().count("load") if said.exists() else 0


@contextmanager
def machine(folder: Path, table: Table, **scripts: str) -> Iterator[Machine]:
    """A machine whose registry is process 7 and began a minute after its configuration was written."""
    with tabled(table) as server:
        usual = {
            "ssh": 'shift 5; eval "$*"',
            "launchctl": LAUNCHCTL.format(folder=folder),
            "date": f"echo {NOW}",
            "ps": f"cat {folder}/etime",
            "curl": f"cat {folder}/curl",
        }
        profile, world = with_programs(folder, **(usual | scripts))
        host = folder / "host"
        host.mkdir()
        profile = msgspec.structs.replace(
            profile,
            server=msgspec.structs.replace(
                profile.server,
                config=str(host / "config.json"),
                credentials=str(host / "credentials.json"),
                binary=str(folder / "bin" / "zot"),
                local_url=server.url,
            ),
            registry=msgspec.structs.replace(profile.registry, url=server.url),
            forge=msgspec.structs.replace(profile.forge, api_url=f"{server.url}/api/v1"),
        )
        told: list[tuple[str, str]] = []
        safe = Safe({profile.forge_token: "token"})
        world = replace(flying(world), secrets=safe, tell=lambda what, result: told.append((what, result)))
        found = Machine(folder=folder, profile=profile, world=world, server=server, told=told)
        found.config.write_text("{}")
        found.wrote(100)
        found.processes(7)
        found.age(40)
        yield found
