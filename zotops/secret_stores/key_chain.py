"""Secrets in the system's key chain: one entry a field, by the library `keyring`; for people without 1Password."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from threading import RLock, Thread
from typing import TYPE_CHECKING, TypeVar

from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.redaction import Redactor
from zotops.secret_stores.values import Values, difference
from zotops.systems.key_places import PENDING, PREVIOUS
from zotops.world import Secret, SecretRef

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")
NO_KEY_CHAIN = (
    "log in at the machine's own desktop, or install its key chain (Linux: GNOME Keyring or KWallet with D-Bus); "
    "`keyring diagnose` tells which one is used"
)


class KeyChain:
    """Entries named `NAME/ITEM`, with the field as the account. An entry that is not there reads as an empty field.

    A key chain edits one entry at a time: previous first, pending last, so that at every moment no key is lost.
    """

    def __init__(
        self,
        *,
        name: str,
        fields: Mapping[str, Collection[str]],
        redactor: Redactor,
        key: bytes,
        patience: float,
    ) -> None:
        """`fields`: the concealed fields of each item, which a key chain cannot list. `patience` in seconds a call."""
        self._name = name
        self._fields = fields
        self._values = Values(redactor=redactor, key=key)
        self._patience = patience
        self._one_at_a_time = RLock()

    def read(self, ref: SecretRef) -> Secret:
        """The value; empty when there is no entry. Unreachable: there is no key chain, or it stays locked."""
        with self._one_at_a_time:
            value = Secret(self._asked(lambda chain: chain.get_password(*self._entry(ref))) or "")
        self._values.register(value, str(ref))
        return value

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Set these entries one after another and read each back; None removes one.

        ActionFailed: certainly nothing was written. Uncertain: some were, or one is not what was meant.
        """
        self._values.accept(item, fields)
        written: list[str] = []
        with self._one_at_a_time:
            for name in sorted(fields, key=_place):
                ref, value = SecretRef(item, name), fields[name]
                try:
                    self._set(ref, value)
                    written.append(name)
                    wrong = difference(self.read(ref), value)
                except Unreachable as stop:
                    kind = Uncertain if written or stop.what.endswith(TIMED_OUT) else ActionFailed
                    raise kind(stop.what, remedy=stop.remedy) from None
                if wrong:
                    raise Uncertain(f"{ref} {wrong}", remedy="look at that entry in the system's key chain")

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """Of the item's concealed fields that the profile names, "" for one without an entry."""
        return {name: self.fingerprint(self.read(SecretRef(item, name))) for name in sorted(self._fields.get(item, ()))}

    def fingerprint(self, secret: Secret) -> str:
        """Keyed fingerprint of a value in hand."""
        return self._values.fingerprint(secret)

    def _entry(self, ref: SecretRef) -> tuple[str, str]:
        return f"{self._name}/{ref.item}", ref.field

    def _set(self, ref: SecretRef, value: Secret | None) -> None:
        entry = self._entry(ref)
        if value is not None:
            self._asked(lambda chain: chain.set_password(*entry, value.reveal()))
        elif self._asked(lambda chain: chain.get_password(*entry)) is not None:
            self._asked(lambda chain: chain.delete_password(*entry))

    def _asked(self, call: Callable[[KeyringBackend], T]) -> T:
        """Call in a thread of its own: a key chain may show a dialog and wait for ever."""
        import keyring
        from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

        ended: list[T | Exception] = []

        def work() -> None:
            try:
                ended.append(call(keyring.get_keyring()))
            except Exception as error:  # noqa: BLE001  # judged below, in the thread that asked
                ended.append(error)

        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(self._patience)
        if not ended:
            raise Unreachable(
                f"the system's key chain gave no answer within {self._patience:g} s{TIMED_OUT}",
                remedy="unlock it, or answer its dialog, and run it again",
            )
        match ended[0]:
            case NoKeyringError():
                raise Unreachable("this system has no key chain that can be used", remedy=NO_KEY_CHAIN)
            case KeyringLocked():
                raise Unreachable("the system's key chain is locked", remedy="unlock it and run it again")
            case KeyringError() | OSError() | RuntimeError() as error:
                # Its text is left out: a back end may quote what it was given.
                raise Unreachable(f"the system's key chain refused ({type(error).__name__})", remedy=NO_KEY_CHAIN)
            case Exception() as error:
                raise error
            case result:
                return result


TIMED_OUT = ", and may still do it"


def _place(field: str) -> int:
    """Previous first, pending last."""
    return {PREVIOUS: 0, PENDING: 2}.get(field, 1)
