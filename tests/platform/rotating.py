"""A rotation between two keys in memory: the registry's ring, a forge in a table, and a safe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from tests.actions.deploying import RUNS, STATUSES
from tests.actions.key_ring import KeyRing
from tests.platform.forge_table import Forge, forge
from tests.systems.outside import KEY, Safe
from zotops.looking import made
from zotops.model import Check, Evidence, Fact, Facts
from zotops.profile import Profile
from zotops.systems.key_places import KEY_PRINT, own_field
from zotops.systems.rotation import OLD_KEY_ID, OLD_KEY_PRINT
from zotops.world import Secret, World

OLD, NEW, THIRD = KEY, KEY.replace("0", "e"), KEY.replace("0", "d")
URL = "http://registry.invalid"


@dataclass
class Rotating:
    """The old key is current and the new one pending, until a test says otherwise."""

    ring: KeyRing
    forge: Forge
    profile: Profile
    world: World
    safe: Safe
    told: list[tuple[str, str]]

    def holds(self, *, current: str | None = None, pending: str | None = None, **own: str) -> None:
        """Put texts into the vault's fields; further names are fields of our own item."""
        refs = {own_field(self.profile, name): text for name, text in own.items()}
        if current is not None:
            refs[self.profile.current_key.secret] = current
        if pending is not None:
            refs[self.profile.pending_key.secret] = pending
        self.safe.fields |= refs

    def kept(self, name: str) -> str:
        """A field of our own item, or the current key."""
        ref = self.profile.current_key.secret if name == "current" else own_field(self.profile, name)
        return self.safe.fields.get(ref, "")

    def promote(self) -> None:
        """The new key is in use, the old one kept."""
        self.holds(current=NEW, pending="", previous=OLD)

    @property
    def facts(self) -> dict[Fact, str]:
        """What a run knows when it has made the new key."""
        return {
            KEY_PRINT: self.print_of(NEW),
            OLD_KEY_ID: self.id_of(OLD),
            OLD_KEY_PRINT: self.print_of(OLD),
        }

    def print_of(self, key: str) -> str:
        return self.safe.fingerprint(Secret(key))

    def id_of(self, key: str) -> str:
        found: str = self.ring.keys[key]["uuid"]
        return found

    def waits(self, *rows: dict[str, Any]) -> None:
        """These runs of the forge have not ended."""
        for status in STATUSES:
            mine = [row for row in rows if row["status"] == status]
            self.forge.server.table[RUNS.format(status)] = (200, {"workflow_runs": mine})

    def look(self, check: Callable[..., Check], facts: Facts) -> Evidence:
        return made(check(profile=self.profile), self.world, facts)


@contextmanager
def rotating(folder: Path) -> Iterator[Rotating]:
    with forge(folder) as place:
        ring = KeyRing(URL)
        ring.add(OLD, "zotops/old/1")
        ring.add(NEW, "zotops/7f3a/1", expires="2026-09-05T00:00:00Z")
        registry = msgspec.structs.replace(place.profile.registry, url=URL)
        rotation = msgspec.structs.replace(place.profile.rotation, soak_minutes=30.0)
        profile = msgspec.structs.replace(place.profile, registry=registry, rotation=rotation)
        safe = Safe({profile.forge_token: "token"})
        world = replace(place.world, http=ring, secrets=safe)
        found = Rotating(ring, place, profile, world, safe, place.told)
        found.holds(current=OLD, pending=NEW, previous="")
        found.waits()
        yield found
