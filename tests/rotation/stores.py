"""What the stand-ins' stores hold, read as they lie on the disk, and what has to be true of them at every moment."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from zotops.lab import vault

PLACES = ("pending", "previous", "current")


class Stores:
    """One practice world's stores. Only looks at files: nothing that it does moves a last use."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.world: dict[str, Any] = json.loads((root / "world.json").read_text())
        self.names: dict[str, str] = self.world["names"]

    def held(self) -> dict[str, str]:
        """The vault's keys: pending, previous and current; "" for an empty field."""
        document = json.loads((self.root / "state" / "vault.json").read_text())
        own = self.names["own_item"]
        return {
            "pending": vault.value_of(document, own, "pending") or "",
            "previous": vault.value_of(document, own, "previous") or "",
            "current": vault.value_of(document, self.names["shared_item"], self.names["field"]) or "",
        }

    def noted(self, field: str) -> str:
        """A text of our own item."""
        document = json.loads((self.root / "state" / "vault.json").read_text())
        return vault.value_of(document, self.names["own_item"], field) or ""

    def consumers(self) -> dict[str, str]:
        """What each consumer pushes with."""
        document = json.loads((self.root / "state" / "forge.json").read_text())
        return {
            place: held[self.names["secret"]]["data"]
            for place, held in document["secrets"].items()
            if self.names["secret"] in held
        }

    def keys(self) -> dict[str, Mapping[str, Any]]:
        """The CI user's keys in the registry's accounts, by the hash of their secret; expired ones too."""
        found: dict[str, dict[str, Any]] = {}
        for line in (self.root / "host/zot/data/meta.db").read_text().splitlines():
            change = json.loads(line)
            if change["user"] != self.names["ci_user"] or "key" not in change:
                continue
            if change["details"] is None:
                found.pop(change["key"], None)
            else:
                found[change["key"]] = {**found.get(change["key"], {}), **change["details"]}
        return dict(found)

    def works(self, key: str) -> bool:
        """Whether the registry takes that key."""
        kept = self.keys().get(hashed(key))
        return kept is not None and not has_expired(str(kept["expiration_date"]))

    def holds(self, key: str, *folders: Path) -> list[str]:
        """The files below those folders in which a key stands."""
        files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return [path.name for path in files if key.encode() in path.read_bytes()]


def hashed(key: str) -> str:
    """How the stand-in keeps a key's secret."""
    return sha256(key.removeprefix("zak_").encode()).hexdigest()


def has_expired(moment: str) -> bool:
    """Whether that time is over; the zero time is never."""
    return not moment.startswith("0001") and datetime.fromisoformat(moment) <= datetime.now(UTC)


def broken(stores: Stores, old: str, *, armed: bool, folders: tuple[Path, ...] = ()) -> list[str]:
    """What of the promise does not hold at this moment, a sentence each.

    Until the old key is ended each consumer holds a key that the registry takes; then none has the old one, neither
    has a current or pending field; after `arm` nothing of ours has it.
    """
    held, consumers = stores.held(), stores.consumers()
    wrong = [f"{place} holds a key that is refused" for place, key in consumers.items() if not stores.works(key)]
    if not stores.works(old):
        wrong += [f"{place} holds the dead key" for place, key in consumers.items() if key == old]
        wrong += [f"{place} holds the dead key" for place in ("pending", "current") if held[place] == old]
    if armed:
        wrong += ["previous holds a key"] if held["previous"] else []
        wrong += [f"{path} holds the dead key" for path in stores.holds(old, *folders)]
    return wrong
