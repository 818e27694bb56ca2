"""The practice vault's document: items as `op item get --format json` shows them, and what an edit makes of one."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import Any

from zotops.lab.state import Document

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_item(
    *, item: str, title: str, vault: Mapping[str, str], fields: Mapping[str, str], text: tuple[str, ...] = ()
) -> Document:
    """An item with one concealed field per name; the names in `text` are plain ones."""
    now = _now()
    return {
        "id": item,
        "title": title,
        "version": 1,
        "vault": dict(vault),
        "category": "API_CREDENTIAL",
        "last_edited_by": "PRACTICEUSER",
        "created_at": now,
        "updated_at": now,
        "sections": [],
        "fields": [
            _field(label, value, "STRING" if label in text else "CONCEALED", title=title, vault=vault["name"])
            for label, value in fields.items()
        ],
    }


def value_of(document: Document, item: str, field: str) -> str | None:
    """The stored value, or None when the item has no such field; for the lab's own parts and for tests."""
    for each in document["items"][item]["fields"]:
        if is_named(each, field):
            value: str = each.get("value", "")
            return value
    return None


def set_value(document: Document, item: str, field: str, value: str) -> None:
    """Change one field in place, or add it; as a person in the app would."""
    document["items"][item] = after_edit(
        document["items"][item], assigned(document["items"][item], f"{_escaped(field)}={value}"), quirks={}
    )


def is_named(thing: Mapping[str, Any], name: str) -> bool:
    """Whether a vault, item, section or field has this id, name, title or label; case does not matter."""
    return name.lower() in {str(thing[key]).lower() for key in ("id", "name", "title", "label") if key in thing}


def replaced(present: Document, sent: Document) -> Document:
    """The item after a JSON template: a field sent without value is emptied, one not sent is gone."""
    by_id = {field["id"]: field for field in present["fields"]}
    by_label = {field["label"]: field for field in present["fields"]}
    fields = []
    for field in sent.get("fields", []):
        known = by_id.get(field.get("id")) or by_label.get(field.get("label")) or {}
        label = field.get("label") or known.get("label") or ""
        kind = field.get("type") or known.get("type") or "STRING"
        fresh = _field(label, field.get("value", ""), kind, title=present["title"], vault=present["vault"]["name"])
        fields.append({**fresh, "id": field.get("id") or known.get("id") or fresh["id"]})
    return {**present, "title": sent.get("title", present["title"]), "fields": fields}


def assigned(present: Document, assignment: str) -> Document:
    """The item after `field[type]=value`; dots and equal signs in the name are escaped by a backslash."""
    name, value = re.split(r"(?<!\\)=", assignment, maxsplit=1)
    typed = re.fullmatch(r"(.*?)(?:\[(\w+)\])?", name)
    label = re.sub(r"\\(.)", r"\1", typed[1] if typed else name)
    kind = {"password": "CONCEALED", "text": "STRING"}.get((typed and typed[2]) or "")
    fields = [dict(field) for field in present["fields"]]
    for field in fields:
        if is_named(field, label):
            field.update(value=value, **({"type": kind} if kind else {}))
            return {**present, "fields": fields}
    fresh = _field(label, value, kind or "STRING", title=present["title"], vault=present["vault"]["name"])
    return {**present, "fields": [*fields, fresh]}


def after_edit(before: Document, changed: Document, *, quirks: Mapping[str, Any]) -> Document:
    """The item as stored: the version raised, and whatever a fault does to the values."""
    fields = [dict(field) for field in changed["fields"]]
    old = {field["id"]: field.get("value", "") for field in before["fields"]}
    written = [field for field in fields if field.get("value", "") != old.get(field["id"], "")]
    if quirks.get("forget_write"):
        fields = [dict(field) for field in before["fields"]]
    if quirks.get("append_newline"):
        for field in written:
            field["value"] = f"{field['value']}\n" if field["value"] else ""
    if quirks.get("touch_other_field"):
        other = next((field for field in reversed(fields) if field not in written), None)
        if other is not None:
            other["value"] = f"{other.get('value', '')}-changed-meanwhile"
    return {**changed, "fields": fields, "version": before["version"] + 1, "updated_at": _now()}


def _field(label: str, value: str, kind: str, *, title: str, vault: str) -> Document:
    identity = "".join(ALPHABET[byte % len(ALPHABET)] for byte in os.urandom(26))
    return {"id": identity, "type": kind, "label": label, "value": value, "reference": f"op://{vault}/{title}/{label}"}


def _escaped(name: str) -> str:
    return re.sub(r"([.=\\])", r"\\\1", name)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
