"""Makes the checks of a step: secrets first, one after another; then all checks at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from zotops.connections import CONNECTIONS
from zotops.errors import Stop
from zotops.model import Check, Evidence, Facts, Verdict, unknown
from zotops.secret_stores.troubles import asks_in_vain
from zotops.world import Secret, SecretRef, SecretStore, World


@dataclass(frozen=True)
class ReadAhead:
    """A store of which some secrets have been read already, for checks that run at once.

    A vault may ask for a finger at each read, and parallel reads would ask several times.
    """

    store: SecretStore
    ready: Mapping[SecretRef, Secret | Stop] = field(default_factory=dict)

    def read(self, ref: SecretRef) -> Secret:
        """The secret that was read, or the reason why it could not be."""
        found = self.ready.get(ref)
        if isinstance(found, Stop):
            raise found
        return self.store.read(ref) if found is None else found

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Checks never write; the wrapped store does, for whoever may."""
        self.store.write(item, fields)

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """As the wrapped store has them."""
        return self.store.fingerprints(item)

    def fingerprint(self, secret: Secret) -> str:
        """As the wrapped store makes it."""
        return self.store.fingerprint(secret)


def look(checks: Sequence[Check], world: World, facts: Facts) -> Iterator[tuple[Check, Evidence]]:
    """Make all checks at once; yields each with its evidence, in the order of the checks."""
    refs = dict.fromkeys(login.secret for check in checks for login in check.logins)
    ready = _read_all(world.secrets, refs)
    unlocked = replace(world, secrets=ReadAhead(world.secrets, ready))
    pool = ThreadPoolExecutor(max_workers=CONNECTIONS)
    try:
        pending = [pool.submit(made, check, unlocked, facts) for check in checks]
        for check, future in zip(checks, pending, strict=True):
            yield check, future.result()
    finally:
        # After Ctrl-C nobody waits for checks that still run; the doors end their children.
        pool.shutdown(wait=False, cancel_futures=True)


def made(check: Check, world: World, facts: Facts) -> Evidence:
    """One check's evidence with time and duration; what cannot be reached is UNKNOWN, never red."""
    at, start = world.clock.now(), world.clock.ticks()
    try:
        evidence = check.run(world, facts)
    except Stop as stop:
        evidence = unknown(expected=check.look.want, observed=stop.what, remedy=stop.remedy)
    return replace(evidence, at=at, took=world.clock.ticks() - start)


def _read_all(store: SecretStore, refs: Iterable[SecretRef]) -> dict[SecretRef, Secret | Stop]:
    """Each once; after a prompt that was refused, or that nobody answered, there is no second one."""
    found: dict[SecretRef, Secret | Stop] = {}
    refused: Stop | None = None
    for ref in refs:
        found[ref] = got = refused or _read(store, ref)
        refused = got if isinstance(got, Stop) and asks_in_vain(got.what) else None
    return found


def _read(store: SecretStore, ref: SecretRef) -> Secret | Stop:
    try:
        return store.read(ref)
    except Stop as stop:
        return stop


def counted(check: Check, evidence: Evidence) -> Verdict:
    """The verdict as far as it decides: a red advisory check is a finding, not a failure."""
    finding = check.advisory and evidence.verdict is not Verdict.PASSED
    return Verdict.PASSED if finding else evidence.verdict
