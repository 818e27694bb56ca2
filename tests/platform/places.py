"""A practice world for a module of tests: broken for one test, and whole again for the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.systems.outside import Place
from zotops.looking import made
from zotops.model import Check, Evidence, Facts

DOCUMENTS = ("provider", "cluster", "quirks")


@contextmanager
def mended(place: Place) -> Iterator[Place]:
    """The place, with provider, cluster, quirks and vault as they were afterwards."""
    before = {name: place.state.read(name) for name in DOCUMENTS}
    fields = dict(place.safe.fields)
    place.told.clear()
    try:
        yield place
    finally:
        place.safe.fields.clear()
        place.safe.fields |= fields
        place.safe.refuses = False
        for name, content in before.items():
            with place.state.edit(name) as document:
                document.clear()
                document.update(content)


def quirk(place: Place, owner: str, **switches: Any) -> None:
    """Turn switches of a stand-in on."""
    with place.state.edit("quirks") as document:
        document[owner] = {**document.get(owner, {}), **switches}


def look(place: Place, check: Check, facts: Facts | None = None) -> Evidence:
    """As the runner makes a check: what cannot be reached is UNKNOWN."""
    return made(check, place.world, facts or {})
