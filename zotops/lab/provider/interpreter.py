"""Applying a blueprint to the document as one transaction, the way Authentik's importer does."""

from __future__ import annotations

import copy
from typing import Any

from zotops.lab.provider.bindings import write_binding
from zotops.lab.provider.tags import BlueprintError, Scope, parse, resolve
from zotops.lab.provider.writers import WRITERS
from zotops.lab.state import Document

# Where the objects of a model are kept, and the field that is their name there.
SECTIONS = {
    "authentik_core.group": ("groups", "name"),
    "authentik_core.user": ("users", "username"),
    "authentik_core.application": ("applications", "slug"),
    "authentik_providers_oauth2.oauth2provider": ("providers", "name"),
    "authentik_providers_oauth2.scopemapping": ("scope_mappings", "scope_name"),
    "authentik_flows.flow": ("flows", "slug"),
    "authentik_crypto.certificatekeypair": ("signing_keys", "name"),
}
_STATES = ("present", "created", "must_created", "absent")
_BINDING = "authentik_policies.policybinding"
_META = "authentik_blueprints.metaapplyblueprint"


def apply(document: Document, text: str) -> Document:
    """The document with the blueprint in force; BlueprintError, and nothing changed, when any entry is wrong."""
    blueprint = parse(text)
    result = copy.deepcopy(document)
    scope = Scope(
        find=lambda model, name, wanted: find(result, model, name, wanted),
        environment=result["worker"]["environment"],
        context=blueprint.get("context") or {},
    )
    for number, entry in enumerate(blueprint["entries"]):
        try:
            _apply_entry(result, entry, scope)
        except BlueprintError as error:
            raise BlueprintError(f"entry {number} ({entry.get('model')}): {error}") from error
    return result


def outcome(document: Document, text: str) -> tuple[Document | None, Any]:
    """What an attempt to apply gives: the new document and the blueprint's head, or None and what is wrong."""
    try:
        return apply(document, text), head(text)
    except (ValueError, TypeError, LookupError, AttributeError) as error:  # the last three: entries of another shape
        return None, str(error)


def head(text: str) -> Document:
    """The name and labels of a blueprint; empty ones when it cannot be read."""
    try:
        found = parse(text).get("metadata") or {}
    except BlueprintError:
        found = {}
    return {"name": found.get("name", ""), "labels": found.get("labels") or {}}


def find(document: Document, model: str, name: str, wanted: Any) -> str | None:
    """The name of the first object of a model whose field has this value; None when there is none, as `!Find` does."""
    if model not in SECTIONS:
        raise BlueprintError(f"the practice world has no {model}")
    section, key = SECTIONS[model]
    return next((own for own, row in document[section].items() if (row | {key: own}).get(name) == wanted), None)


def _apply_entry(document: Document, entry: Document, scope: Scope) -> None:
    model, state = entry.get("model", ""), entry.get("state", "present")
    if model == _META or not all(resolve(entry.get("conditions") or [], scope)):
        return
    if state not in _STATES:
        raise BlueprintError(f"state {state!r} is none of {', '.join(_STATES)}")
    identifiers, attributes = resolve(entry.get("identifiers") or {}, scope), resolve(entry.get("attrs") or {}, scope)
    if model == _BINDING:
        write_binding(document, identifiers, attributes, state)
        return
    if model not in WRITERS:
        raise BlueprintError("the practice world cannot apply this model")
    section, key = SECTIONS[model]
    name = _identified(document, model, identifiers) or (identifiers | attributes).get(key)
    if not name:
        raise BlueprintError(f"{key}: this field is required")
    exists = name in document[section]
    if state == "must_created" and exists:
        raise BlueprintError(f"{name} exists already")
    if state == "absent":
        document[section].pop(name, None)
        return
    if not (state == "created" and exists):
        WRITERS[model](document, name, identifiers | attributes)
    if "id" in entry:
        scope.ids[entry["id"]] = name


def _identified(document: Document, model: str, identifiers: Document) -> str | None:
    for name, wanted in identifiers.items():
        found = find(document, model, name, wanted)
        if found:
            return found
    return None
