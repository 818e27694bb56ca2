"""The worker: it sees mounted blueprint files after a while and applies what is new or asked for."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from zotops.lab.provider.document import now, pk_of
from zotops.lab.provider.store import Store
from zotops.lab.state import Document

BROKEN = "the practice world was told to fail here"


def digest(text: str) -> str:
    """The hash by which Authentik knows a blueprint file: hex SHA-512 of its bytes."""
    return hashlib.sha512(text.encode()).hexdigest()


def add_instance(document: Document, path: str, name: str) -> None:
    """Register a blueprint file under its name, not applied yet."""
    state = {"status": "unknown", "enabled": True, "last_applied": now(), "last_applied_hash": ""}
    ours = {"problem": None, "apply_requested": False, "attempted_hash": ""}
    document["blueprints"][path] = {"pk": pk_of("blueprint", path), "name": name, "metadata": {}} | state | ours


def visible_files(store: Store) -> dict[str, str]:
    """What the worker's mount holds at this moment: what it saw last, and what the cluster has brought since."""
    files: dict[str, str] = dict(store.read()["worker"]["files"])
    if store.quirks().get("worker_stuck"):
        return files
    brought: dict[str, Any] = store.read("cluster").get("worker_files") or {}
    return files | {path: file["text"] for path, file in brought.items() if file.get("visible_at", 0) <= time.time()}


def apply_instance(document: Document, path: str, *, broken: bool = False) -> None:
    """Apply the file in one transaction; an error keeps the objects and the hash, and says so in the status."""
    from zotops.lab.provider.interpreter import outcome

    text, instance = document["worker"]["files"][path], document["blueprints"][path]
    instance.update(apply_requested=False, attempted_hash=digest(text), last_applied=now())
    applied, head = (None, BROKEN) if broken else outcome(document, text)
    if applied is None:
        instance.update(status="error", problem=head)
        return
    document.update(applied)
    found = {"status": "successful", "problem": None, "last_applied_hash": digest(text), "metadata": head}
    document["blueprints"][path].update(found)


def work(store: Store) -> None:
    """One round: take over files that became visible, apply what is due; writes nothing when nothing is."""
    document, quirks = store.read(), store.quirks()
    if not document:
        return
    files = visible_files(store)
    if files == document["worker"]["files"] and not _due(document, quirks):
        return
    with store.edit() as changed:
        changed["worker"]["files"] = files
        for path in _due(changed, quirks):
            apply_instance(changed, path, broken=bool(quirks.get("apply_error")))


def _due(document: Document, quirks: Document) -> list[str]:
    if quirks.get("apply_stuck"):
        return []
    drowsy = bool(quirks.get("worker_drowsy"))
    return [
        path for path, instance in document["blueprints"].items() if _is_due(document, path, instance, drowsy=drowsy)
    ]


def _is_due(document: Document, path: str, instance: Document, *, drowsy: bool) -> bool:
    text = document["worker"]["files"].get(path)
    if text is None or not instance["enabled"]:
        return False
    tried = (instance["last_applied_hash"], instance["attempted_hash"])
    return bool(instance["apply_requested"]) or (not drowsy and digest(text) not in tried)
