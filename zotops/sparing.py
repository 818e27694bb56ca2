"""A vault that is asked sparingly: each secret once, and with nobody there only those that the profile lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import RLock

from zotops.errors import Stop, Unreachable
from zotops.profile import Profile, parse_ref
from zotops.secret_stores.troubles import asks_in_vain
from zotops.world import Secret, SecretRef, SecretStore, World

# A vault may ask for a finger at each read, whatever registry it is for: never twice at once.
ONE_AFTER_ANOTHER = RLock()


@dataclass(frozen=True, kw_only=True)
class Sparing:
    """A store that is asked for each secret once, and only for those that may be read.

    `readable` None: whoever sits there may unlock all of it. `pending`: a key that only waits to be used, which reads
    as none; None where it is looked at too.
    """

    store: SecretStore
    pending: SecretRef | None = None
    readable: frozenset[SecretRef] | None = None
    known: dict[SecretRef, Secret | Stop] = field(default_factory=dict)
    lock: RLock = ONE_AFTER_ANOTHER

    def read(self, ref: SecretRef) -> Secret:
        """The secret; Unreachable, with the reason, when it cannot or may not be read."""
        if ref == self.pending:
            return Secret("")
        if self.readable is not None and ref not in self.readable:
            remedy = f'call it at a terminal, or list "{ref}" under [secrets] unattended in the profile'
            raise Unreachable(f"nobody is there to unlock the vault for {ref}", remedy=remedy)
        if ref not in self.known:
            with self.lock:
                if ref not in self.known:
                    self.known[ref] = self._fresh(ref)
        found = self.known[ref]
        if isinstance(found, Stop):
            raise found
        return found

    def _fresh(self, ref: SecretRef) -> Secret | Stop:
        for known in self.known.values():
            if isinstance(known, Stop) and asks_in_vain(known.what):
                return known
        try:
            return self.store.read(ref)
        except Stop as stop:
            return stop

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Nothing is ever written."""
        del fields
        raise Unreachable(f"who only looks writes nothing, and so not {item}")

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """Of whole items nothing is asked."""
        raise Unreachable(f"who only looks does not look through {item}")

    def fingerprint(self, secret: Secret) -> str:
        """As the wrapped store makes it."""
        return self.store.fingerprint(secret)


def locked(world: World, profile: Profile, *, attended: bool, with_pending: bool = False) -> World:
    """The world with a store that is asked sparingly; unattended, only for what the profile allows."""
    listed = frozenset(map(parse_ref, profile.secrets.unattended))
    pending = None if with_pending else profile.pending_key.secret
    store = Sparing(store=world.secrets, pending=pending, readable=None if attended else listed)
    return replace(world, secrets=store)
