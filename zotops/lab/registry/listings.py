"""Lists: the catalog and the tags of a repository, with their paging."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice

from zotops.lab.registry.exchange import Reply, document, nothing
from zotops.lab.registry.layout import Layout, UnknownRepository
from zotops.lab.registry.refusals import refused
from zotops.lab.registry.visit import Visit


class Listings:
    """Handlers that list names."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def catalog(self, visit: Visit) -> Reply:
        """The repositories that the caller may read, after `last`, at most `n`; a bad `n` is ignored."""
        count = _whole_number(visit.request.parameter("n"))
        names = self._readable(visit, visit.request.parameter("last"))
        # like zot: the walk stops when the page is full, and then always claims that there is more
        shown = list(names if count is None or count < 0 else islice(names, count))
        more = []
        if count is not None and shown and len(shown) == count:
            more = [("Link", f'</v2/_catalog?n={count}&last={shown[-1]}>; rel="next"')]
        return document(HTTPStatus.OK, {"repositories": shown}, *more)

    def tags(self, visit: Visit) -> Reply:
        """The tags of a repository in order, after `last`, at most `n`; 400 or 404 for bad ones, without content."""
        counts, lasts = visit.request.query.get("n", []), visit.request.query.get("last", [])
        count = _whole_number(counts[0]) if counts else None
        if len(counts) > 1 or len(lasts) > 1 or (counts and (count is None or count < 0)):
            return nothing(HTTPStatus.BAD_REQUEST)
        try:
            tags = sorted(self._layout.tags(visit.repository))
        except UnknownRepository:
            return refused(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN", name=visit.repository)
        if lasts and lasts[0]:
            if lasts[0] not in tags:
                return nothing(HTTPStatus.NOT_FOUND)
            tags = tags[tags.index(lasts[0]) + 1 :]
        more = []
        if count and count < len(tags):
            more = [("Link", f'</v2/{visit.repository}/tags/list?n={count}&last={tags[count - 1]}>; rel="next"')]
        return document(HTTPStatus.OK, {"name": visit.repository, "tags": tags[:count]}, *more)

    def _readable(self, visit: Visit, last: str) -> Iterator[str]:
        found = not last
        for name in self._layout.repositories():
            if found and name != last and visit.rights.sees(name):
                yield name
            found = found or name == last


def _whole_number(word: str) -> int | None:
    try:
        return int(word)
    except ValueError:
        return None
