"""Writing a policy binding into the document from a blueprint's fields."""

from __future__ import annotations

from zotops.lab.provider.document import pk_of
from zotops.lab.provider.tags import BlueprintError
from zotops.lab.provider.writers import known, merge
from zotops.lab.state import Document


def write_binding(document: Document, identifiers: Document, attributes: Document, state: str) -> None:
    """Create, change or remove the binding that the identifiers name; BlueprintError when it would bind nobody."""
    fields = identifiers | attributes
    if "order" not in fields or "target" not in fields:
        raise BlueprintError("target and order: these fields are required")
    known(document, "applications", fields["target"], "target")
    named = {"application" if name == "target" else name: value for name, value in identifiers.items()}
    found = [row for row in document["bindings"] if all(row.get(name) == value for name, value in named.items())]
    if state == "absent":
        document["bindings"] = [row for row in document["bindings"] if row not in found]
        return
    if not any(((found[0] if found else {}) | fields).get(name) for name in ("group", "user", "policy")):
        raise BlueprintError("one of policy, group or user must be set")
    for name, section in (("group", "groups"), ("user", "users")):
        if fields.get(name) is not None:
            known(document, section, fields[name], name)
    if found and state == "created":
        return
    if not found:
        found = [_new_binding(fields["target"], fields["order"])]
        document["bindings"] += found
    merge(found[0], fields, tuple(found[0]))


def _new_binding(application: str, order: int) -> Document:
    who = {"application": application, "group": None, "user": None, "policy": None}
    how = {"order": order, "enabled": True, "negate": False, "timeout": 30, "failure_result": False}
    return {"pk": pk_of("binding", f"{application} {order}")} | who | how
