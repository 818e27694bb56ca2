"""The infrastructure's own check of all services: run through mise, read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from zotops.model import Fact
from zotops.profile import Profile
from zotops.world import World

# The lines that have to do with the registry, and the others: "name OK, name FAILED".
SERVICES_OF_REGISTRY = Fact("services-of-registry")
SERVICES_OTHERS = Fact("services-others")

COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LINE = re.compile(r"^\s*(?P<name>\S.*?)\.\.\.\s*(?P<result>OK|FAILED)\b")


@dataclass(frozen=True, kw_only=True)
class ServiceLine:
    """One service and whether its line said OK."""

    name: str
    ok: bool

    def __str__(self) -> str:
        return f"{self.name} {'OK' if self.ok else 'FAILED'}"


def run_services_check(world: World, profile: Profile) -> tuple[ServiceLine, ...]:
    """Run it to its end; its exit code is not looked at, because services that are none of ours count in it."""
    argv = ("mise", "run", profile.provisioning.services_check)
    done = world.programs.run(argv, timeout=profile.provisioning.patience)
    return parse_services_check(done.out)


def parse_services_check(printed: str) -> tuple[ServiceLine, ...]:
    """The lines `name... OK` and `name... FAILED`, without their colours; headings and tables are left out."""
    found = (LINE.match(COLOUR.sub("", line)) for line in printed.splitlines())
    return tuple(ServiceLine(name=match["name"], ok=match["result"] == "OK") for match in found if match)


def written(lines: Iterable[ServiceLine]) -> str:
    """Lines as the text of a fact."""
    return ", ".join(str(line) for line in lines)


def parse_written(text: str) -> tuple[ServiceLine, ...]:
    """The lines that `written` wrote."""
    pairs = (part.rpartition(" ") for part in text.split(", ") if part)
    return tuple(ServiceLine(name=name, ok=result == "OK") for name, _, result in pairs)
