"""Whether a caller may do what a request to a repository asks for: the action each method stands for."""

from zotops.lab.registry.digests import is_digest, is_tag
from zotops.lab.registry.layout import Layout, UnknownRepository
from zotops.lab.registry.quirks import Quirks
from zotops.lab.registry.visit import Visit

READING = {"GET", "HEAD"}


class Guard:
    """Decides by the rules; reads the repository's tags, because an existing one needs `update`."""

    def __init__(self, layout: Layout, quirks: Quirks) -> None:
        self._layout, self._quirks = layout, quirks

    def allows(self, visit: Visit) -> bool:
        """Whether everything that the request needs is permitted."""
        needed = self._manifest(visit) if "reference" in visit.names else {action_of(visit.request.method)}
        return all(visit.rights.may(action, visit.repository) for action in sorted(needed))

    def _manifest(self, visit: Visit) -> set[str]:
        method = visit.request.method
        if method in READING or method == "DELETE":
            return {action_of(method)}
        existing = self._tags(visit.repository)
        if not is_digest(visit.reference):
            return {"update" if visit.reference in existing else "create"}
        tags = {tag.strip() for tag in visit.request.query.get("tag", []) if is_tag(tag.strip())}
        moved = tags & existing
        if self._quirks.on("tag_overwrite_hole"):
            return {"create"}
        return ({"update"} if moved else set()) | ({"create"} if tags - existing or not moved else set())

    def _tags(self, repository: str) -> set[str]:
        try:
            return set(self._layout.tags(repository))
        except UnknownRepository:
            return set()


def action_of(method: str) -> str:
    """The action that a method stands for."""
    if method in READING:
        return "read"
    return "delete" if method == "DELETE" else "create"
