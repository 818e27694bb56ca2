"""A practice world in which keys are made, one after another, each as if it were the first."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.systems.outside import Place
from zotops.actions.create_key import CreateCiKey
from zotops.model import Attempt, Outcome
from zotops.systems.zot import open_zot, with_key
from zotops.systems.zot_keys import Key, list_keys
from zotops.world import Secret


@contextmanager
def unused(place: Place) -> Iterator[None]:
    """The world without quirks and with an empty pending field; the vault and the provider are as before afterwards."""
    before = place.state.read("provider")
    fields = dict(place.safe.fields)
    place.told.clear()
    yield
    place.safe.fields.clear()
    place.safe.fields |= fields
    place.safe.refuses = False
    with place.state.edit("provider") as document:
        for name in ("users", "login", "sessions", "tokens"):
            document[name] = before[name]
    with place.state.edit("quirks") as document:
        document.clear()


def perform(place: Place, number: int = 1, run: str = "7f3a") -> Outcome:
    action = CreateCiKey(profile=place.profile)
    intent = action.intent(place.world, {}, Attempt(run=run, number=number))
    return action.perform(place.world, intent, {})


def pending(place: Place) -> Secret:
    return place.safe.read(place.profile.pending_key.secret)


def listed(place: Place) -> list[Key]:
    """All keys of the CI user, asked for with the one that CI uses."""
    caller = with_key("zot-ci", place.safe.read(place.profile.current_key.secret))
    return list(list_keys(open_zot(place.world, place.profile), caller))


def labelled(place: Place, label: str) -> list[Key]:
    return [key for key in listed(place) if key.label == label]


def quirk(place: Place, owner: str, **switches: object) -> None:
    with place.state.edit("quirks") as document:
        document[owner] = switches
