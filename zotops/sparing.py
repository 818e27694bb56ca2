"""A vault that is asked sparingly: each secret once, and with nobody there only those that the profile lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import RLock

from zotops.errors import Stop, Unreachable
from zotops.model import Secret, SecretRef, SecretStore, World
from zotops.profile import Profile


@dataclass(frozen=True, kw_only=True)
class Sparing:
    """A store that is asked for each secret once, and only for those that may be read.

    `readable` None: whoever sits there may unlock all of it. A key that only waits to be used is none of ours.
    """

    store: SecretStore
    pending: SecretRef
    readable: frozenset[SecretRef] | None = None
    known: dict[SecretRef, Secret | Stop] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def read(self, ref: SecretRef) -> Secret:
        """The secret; Unreachable, with the reason, when it cannot or may not be read."""
        if ref == self.pending:
            return Secret("")
        if self.readable is not None and ref not in self.readable:
            remedy = f'call it at a terminal, or list "{ref}" under [secrets] unattended in the profile'
            raise Unreachable(f"nobody is there to unlock the vault for {ref}", remedy=remedy)
        with self.lock:
            if ref not in self.known:
                self.known[ref] = self._fresh(ref)
            found = self.known[ref]
        if isinstance(found, Stop):
            raise found
        return found

    def _fresh(self, ref: SecretRef) -> Secret | Stop:
        try:
            return self.store.read(ref)
        except Stop as stop:
            return stop

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Nothing is ever written."""
        del fields
        raise Unreachable(f"verify writes nothing, and so not {item}")

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """Of whole items nothing is asked."""
        raise Unreachable(f"verify does not look through {item}")

    def fingerprint(self, secret: Secret) -> str:
        """As the wrapped store makes it."""
        return self.store.fingerprint(secret)


def locked(world: World, profile: Profile, *, attended: bool) -> World:
    """The world with a store that is asked sparingly; unattended, only for what the profile allows."""
    listed = frozenset(SecretRef(*ref.split("/", 1)) for ref in profile.secrets.unattended)
    store = Sparing(store=world.secrets, pending=profile.pending_key.secret, readable=None if attended else listed)
    return replace(world, secrets=store)
