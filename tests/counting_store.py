"""A store that counts its reads, and a clock that only a test puts forward."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from zotops.errors import Uncertain, Unreachable
from zotops.world import Secret, SecretRef

REF, OTHER, ELSEWHERE = SecretRef("item", "key"), SecretRef("item", "other"), SecretRef("another", "key")


@dataclass
class Hand:
    """A clock that is put forward by hand."""

    at: float = 100.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def ticks(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Counting:
    """A store in which each value is the number of its read."""

    reads: list[SecretRef] = field(default_factory=list)
    locked: bool = False

    def read(self, ref: SecretRef) -> Secret:
        self.reads.append(ref)
        if self.locked:
            raise Unreachable("it is locked")
        return Secret(str(len(self.reads)))

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        if self.locked:
            raise Uncertain(f"{item}: {', '.join(fields)} may be written")

    def fingerprints(self, item: str) -> Mapping[str, str]:
        return {item: str(len(self.reads))}

    def fingerprint(self, secret: Secret) -> str:
        return secret.reveal()
