"""A vault that is not asked again for what it said a moment ago."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock

from zotops.model import Question
from zotops.operator import Decision, Offer, Operator, Shown, StepBegins
from zotops.world import Clock, Secret, SecretRef, SecretStore

# Each call of a vault takes a second or asks for a finger; a check, an action and a check again need the same key.
SECONDS = 5.0
# A person takes longer.
AT_ONCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Recent:
    """A store that remembers what was read within the same step, for some seconds, until it is written.

    Somebody else's change is seen that much later at most: as if it had been made that much later.
    """

    store: SecretStore
    clock: Clock
    _known: dict[SecretRef, tuple[float, Secret]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def read(self, ref: SecretRef) -> Secret:
        """The secret, as it is or was a moment ago; what cannot be read is asked for again each time."""
        with self._lock:
            at, value = self._known.get(ref, (float("-inf"), Secret("")))
            if self.clock.ticks() - at > SECONDS:
                value = self.store.read(ref)
                self._known[ref] = self.clock.ticks(), value
            return value

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """As the wrapped store does; nothing is remembered of that item, whatever became of the write."""
        try:
            self.store.write(item, fields)
        finally:
            self.forget(item)

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """As the wrapped store has them now."""
        return self.store.fingerprints(item)

    def fingerprint(self, secret: Secret) -> str:
        """As the wrapped store makes it."""
        return self.store.fingerprint(secret)

    def forget(self, item: str = "") -> None:
        """Of one item, or of all."""
        with self._lock:
            for ref in [ref for ref in self._known if item in {"", ref.item}]:
                del self._known[ref]


@dataclass(frozen=True, kw_only=True)
class Forgetting:
    """An operator before whom nothing stays remembered: at each step, and wherever a person takes their time."""

    operator: Operator
    recent: Recent

    def show(self, what: Shown) -> None:
        """A step that begins looks for itself."""
        self.operator.show(what)
        if isinstance(what, StepBegins):
            self.recent.forget()

    def decide(self, offer: Offer) -> Decision:
        """A person may have changed something before they decided; what decides at once has not."""
        began = self.recent.clock.ticks()
        decision = self.operator.decide(offer)
        self._forget_since(began)
        return decision

    def ask(self, question: Question) -> str:
        """As with a decision."""
        began = self.recent.clock.ticks()
        answer = self.operator.ask(question)
        self._forget_since(began)
        return answer

    def _forget_since(self, began: float) -> None:
        if self.recent.clock.ticks() - began > AT_ONCE:
            self.recent.forget()
