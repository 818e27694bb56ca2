"""Whether an application's bindings let a user pass."""

from __future__ import annotations

from zotops.lab.provider.document import all_groups
from zotops.lab.state import Document


def bindings_of(document: Document, slug: str) -> list[Document]:
    """The bindings of an application in their order."""
    return sorted(
        (row for row in document["bindings"] if row["application"] == slug), key=lambda row: int(row["order"])
    )


def passes(document: Document, slug: str, username: str) -> bool:
    """No enabled binding: open to everybody. Else one (mode `any`) or each (mode `all`) must hold."""
    held = [_holds(document, row, username) for row in bindings_of(document, slug) if row["enabled"]]
    if not held:
        return True
    return all(held) if document["applications"][slug]["policy_engine_mode"] == "all" else any(held)


def _holds(document: Document, binding: Document, username: str) -> bool:
    """A group counts with the groups above it as well; a binding to a policy gives its failure result here."""
    if binding["group"] is not None:
        held = binding["group"] in all_groups(document, username)
    elif binding["user"] is not None:
        held = binding["user"] == username
    else:
        held = bool(binding["failure_result"])
    return held != bool(binding["negate"])
