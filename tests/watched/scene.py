"""A key in a vault, at a registry and at a forge, all in memory, and `key-status` looking at it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.lamps import FixedClock
from tests.systems.outside import KEY, Safe, profile_of, world_of
from tests.watched.keyring_registry import NOW, Memory, StoredKey
from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.progress import Progress, StepProgress
from zotops.runs import Run
from zotops.systems.key_places import own_field
from zotops.systems.rotation import OLD_KEY_ID
from zotops.watched_key.history import History, KnownKey, LastLook
from zotops.watched_key.status import KeyStatus, Level
from zotops.watched_key.watching import status_online
from zotops.world import Secret, SecretRef

OTHER = "zak_" + "f" * 32
# Our own clock, an hour ahead of the registry's.
CLOCK = NOW.timestamp() + 3600 - 1_800_000_000
ABSENT = "the item does not have a field of that name"


@dataclass
class Strict(Safe):
    """A safe that says why it does not hand out some fields, by their names."""

    troubles: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, ref: SecretRef) -> Secret:
        self.asked.append(ref.field)
        if why := self.troubles.get(ref.field):
            raise Unreachable(why)
        return super().read(ref)


@dataclass
class Scene:
    """A key in the vault, at the registry and at the forge, ten days old, as a rotation leaves it."""

    profile: Profile
    memory: Memory
    safe: Strict
    key: StoredKey
    known: History = field(default_factory=History)

    def own(self, name: str, value: str) -> None:
        self.safe.fields[own_field(self.profile, name)] = value

    def store(self, key: str) -> None:
        self.safe.fields[self.profile.current_key.secret] = key

    def print_of(self, key: str) -> str:
        return self.safe.fingerprint(Secret(key))

    def both(self) -> tuple[KeyStatus, LastLook]:
        world = replace(world_of(self.profile, self.safe), http=self.memory, clock=FixedClock(moment=CLOCK))
        return status_online(world, self.profile, self.known)

    def look(self) -> KeyStatus:
        return self.both()[0]

    def levels(self) -> dict[str, Level]:
        return {point.name: point.level for point in self.look().points}

    def wrong(self) -> dict[str, Level]:
        """Only what is not good."""
        return {name: level for name, level in self.levels().items() if level is not Level.OK}

    def observed(self, name: str) -> str:
        return next(point.observed for point in self.look().points if point.name == name)

    def remedy(self, name: str) -> str:
        return next(point.remedy for point in self.look().points if point.name == name)

    def remember(self, key: StoredKey, *, noted: datetime = NOW, unfinished: tuple[Run, ...] = ()) -> None:
        """Know the key from an earlier look or run."""
        known = KnownKey(
            print=self.print_of(key.secret),
            id=key.id,
            label=key.label,
            expires=key.expires,
            made=key.made,
            due=None,
            noted=noted,
            source="the last look",
        )
        self.known = replace(self.known, key=known, unfinished=unfinished)


def run(runbook: str = "rotate-key", *, done: tuple[str, ...] = (), old: str = "", name: str = "b21c") -> Run:
    """A run of this machine that has not ended."""
    steps = {step: StepProgress(stage="done") for step in done}
    facts = {OLD_KEY_ID: old} if old else {}
    return Run(
        path=Path("x"), records=(), now=Progress(header={"run": name, "runbook": runbook}, steps=steps, facts=facts)
    )


def scene_in(folder: Path) -> Scene:
    """A key that is ten days old, as a rotation leaves it."""
    profile = profile_of(folder, registry="http://registry.test", forge="http://forge.test")
    memory = Memory(secrets={profile.forge.secret: NOW - timedelta(days=9)})
    key = memory.key(KEY, label="zotops/7f3a/1")
    safe = Strict({profile.current_key.secret: KEY, profile.forge_token: "token"})
    found = Scene(profile=profile, memory=memory, safe=safe, key=key)
    found.own("expires", key.expires.isoformat() if key.expires else "")
    found.own("current-id", key.id)
    found.own("due", "2027-01-11")
    found.own("revoked", "gone-1,gone-2")
    return found
