"""What may happen to a rotation from outside: an answer is lost, or somebody acts at that moment."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rotation.place import Place
from zotops import doors
from zotops.errors import Unreachable
from zotops.lab import vault
from zotops.lab.faults import fault_named
from zotops.lab.state import State
from zotops.world import Reply


def lose_answer(monkeypatch: pytest.MonkeyPatch, method: str, path: str, *, sent: bool = True) -> None:
    """Once: the request is sent, or not even that, and no answer comes."""
    send, lost = doors.RealHttp.send, list[str]()

    def sending(self: doors.RealHttp, asked: str, url: str, **named: Any) -> Reply:
        if (asked, lost) == (method, []) and path in url:
            lost.append(url)
            if sent:
                send(self, asked, url, **named)
            raise Unreachable(f"{url.partition('?')[0]} gave no answer")
        return send(self, asked, url, **named)

    monkeypatch.setattr(doors.RealHttp, "send", sending)


def before_the_first(monkeypatch: pytest.MonkeyPatch, method: str, path: str, act: Callable[[], None]) -> None:
    """Once: somebody acts just before such a request is sent."""
    send, acted = doors.RealHttp.send, list[str]()

    def sending(self: doors.RealHttp, asked: str, url: str, **named: Any) -> Reply:
        if (asked, acted) == (method, []) and path in url:
            acted.append(url)
            act()
        return send(self, asked, url, **named)

    monkeypatch.setattr(doors.RealHttp, "send", sending)


def edit(place: Place, item: str, field: str, change: Callable[[str], str]) -> Callable[[], None]:
    """Somebody changes a field of the vault."""

    def changing() -> None:
        with State(place.root / "state").edit("vault") as document:
            name = place.stores.names[item]
            vault.set_value(document, name, field, change(vault.value_of(document, name, field) or ""))

    return changing


def broken_by(place: Place, name: str) -> Callable[[], None]:
    """A fault of the catalogue, at the step that it names."""
    fault = fault_named(name)
    assert fault is not None
    return lambda: fault.breaks(place.root)
