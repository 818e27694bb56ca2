"""Secrets in a 1Password vault: read one by one, written as a whole item through a pipe, and read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any

from zotops.errors import ActionFailed, Stop, Uncertain, Unreachable
from zotops.redaction import Redactor
from zotops.secret_stores.values import Values, difference
from zotops.systems.onepassword import Item, OnePasswordCli, Refused
from zotops.world import Programs, Secret, SecretRef

# Every other type, known or new, is taken for a secret.
PLAIN_TYPES = frozenset(
    {"STRING", "TEXT", "URL", "EMAIL", "DATE", "MONTH_YEAR", "PHONE", "ADDRESS", "MENU", "GENDER", "REFERENCE"}
)


class OnePassword:
    """A vault by its id. Calls go one after another: parallel ones would ask for a finger several times."""

    def __init__(self, *, programs: Programs, vault: str, redactor: Redactor, key: bytes, patience: float) -> None:
        """`key` makes fingerprints comparable; `patience` is how long one call may wait for a person, in seconds."""
        self._op = OnePasswordCli(programs=programs, vault=vault, redact=redactor.redact, patience=patience)
        self._values = Values(redactor=redactor, key=key)
        self._one_at_a_time = RLock()

    def read(self, ref: SecretRef) -> Secret:
        """The value; empty when the field has none. Unreachable, with the cause, when it cannot be read."""
        with self._one_at_a_time, _readable():
            value = self._op.read(ref)
        self._values.register(value, str(ref))
        return value

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Set these fields in one edit and read them back; None empties a field.

        ActionFailed: certainly nothing was written. Uncertain: it may have been, or what is there now is not what
        was meant, or another field has changed.
        """
        self._values.accept(item, fields)
        with self._one_at_a_time:
            before = self._fresh(item, fields)
            try:
                self._op.replace(item, with_values(before, fields))
            except Refused as refusal:
                kind = ActionFailed if refusal.wrote_nothing else Uncertain
                raise kind(refusal.what, remedy=refusal.remedy) from None
            except Unreachable as stop:
                raise Uncertain(stop.what, remedy=stop.remedy) from None
            self._verify(item, before, fields)

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """Label to keyed fingerprint of every concealed field, "" for an empty one; none of a person's own password."""
        with self._one_at_a_time, _readable():
            found = self._item(item)
        of_a_person = found.get("category") == "LOGIN"
        return {
            _name(field): self.fingerprint(_value(field))
            for field in found["fields"]
            if is_concealed(field) and not (of_a_person and field.get("purpose") == "PASSWORD")
        }

    def fingerprint(self, secret: Secret) -> str:
        """Keyed fingerprint of a value in hand."""
        return self._values.fingerprint(secret)

    def _fresh(self, item: str, fields: Mapping[str, Secret | None]) -> Item:
        """The item as it is now, fit for an edit of these fields. ActionFailed: it is not."""
        try:
            first, now = self._item(item), self._item(item)
        except Stop as stop:
            raise ActionFailed(stop.what, remedy=stop.remedy) from None
        if has_passkey(now):
            raise ActionFailed(f"item {item} holds a passkey, which an edit would lose", remedy="use another item")
        for name in fields:
            hits = len(_named(now, name))
            if hits != 1:
                remedy = "add it in the 1Password app" if not hits else "give each its own label in the 1Password app"
                raise ActionFailed(f"item {item} has {hits or 'no'} fields named {name!r}", remedy=remedy)
        if (_edition(first), _values(first)) != (_edition(now), _values(now)):
            raise ActionFailed(f"item {item} is being changed by somebody else right now", remedy="wait, then go on")
        return now

    def _verify(self, item: str, before: Item, fields: Mapping[str, Secret | None]) -> None:
        try:
            wrong = [self._difference(SecretRef(item, name), value) for name, value in fields.items()]
            now = self._item(item)
        except Stop as stop:
            raise Uncertain(f"written, but not read back: {stop.what}", remedy=stop.remedy) from None
        ours = {field["id"] for name in fields for field in _named(before, name)}
        old, new = _values(before), _values(now)
        wrong += [f"another field, {label!r}, has changed" for label in _differing(old, new, ours)]
        if any(wrong):
            raise Uncertain(
                f"item {item} is not as it should be after the edit: {'; '.join(filter(None, wrong))}",
                remedy="compare it with its history in the 1Password app, and restore what is wrong",
            )

    def _difference(self, ref: SecretRef, meant: Secret | None) -> str:
        stored = self._op.read(ref)
        self._values.register(stored, str(ref))
        wrong = difference(stored, meant)
        return f"{ref} {wrong}" if wrong else ""

    def _item(self, item: str) -> Item:
        found = self._op.item(item)
        for field in filter(is_concealed, found["fields"]):
            self._values.register(_value(field), f"{item}/{_name(field)}")
        return found


def with_values(item: Item, fields: Mapping[str, Secret | None]) -> Item:
    """The whole item with these fields changed; a field without value is what empties it."""
    values = {id(field): value for name, value in fields.items() for field in _named(item, name)}
    changed = []
    for field in item["fields"]:
        kept = dict(field)
        if id(field) in values:
            kept.pop("value", None)
            if value := values[id(field)]:
                kept["value"] = value.reveal()
        changed.append(kept)
    return {**item, "fields": changed}


def is_concealed(field: Mapping[str, Any]) -> bool:
    """Whether a field holds a secret."""
    return field.get("type") not in PLAIN_TYPES or field.get("purpose") == "PASSWORD"


def has_passkey(part: object) -> bool:
    """Whether an item holds a passkey, which does not survive an edit by template (1Password's documentation)."""
    if isinstance(part, Mapping):
        kinds = (str(part.get(key, "")) for key in ("id", "type", "purpose"))
        named = any("passkey" in str(key).lower() and value for key, value in part.items())
        return named or any("passkey" in kind.lower() for kind in kinds) or any(map(has_passkey, part.values()))
    return isinstance(part, list) and any(map(has_passkey, part))


def _named(item: Item, name: str) -> list[dict[str, Any]]:
    """The fields of that id or label; letter case does not count, as in a reference."""
    return [
        field for field in item["fields"] if name.lower() in {str(field.get(key)).lower() for key in ("id", "label")}
    ]


def _name(field: Mapping[str, Any]) -> str:
    return str(field.get("label") or field.get("id"))


def _value(field: Mapping[str, Any]) -> Secret:
    return Secret(str(field.get("value") or ""))


def _edition(item: Item) -> tuple[object, object]:
    return item.get("version"), item.get("updated_at")


def _values(item: Item) -> dict[str, tuple[str, str]]:
    return {str(field.get("id")): (_name(field), _value(field).reveal()) for field in item["fields"]}


def _differing(old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]], ours: set[str]) -> list[str]:
    """Labels of the fields that changed, vanished or appeared, ours apart."""
    return [
        (old.get(one) or new[one])[0]
        for one in sorted(old.keys() | new.keys())
        if one not in ours and old.get(one) != new.get(one)
    ]


@contextmanager
def _readable() -> Iterator[None]:
    """For a reader every refusal means the same: the value cannot be had."""
    try:
        yield
    except Refused as refusal:
        raise Unreachable(refusal.what, remedy=refusal.remedy) from None
