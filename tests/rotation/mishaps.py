"""What may happen to a rotation from outside: an answer is lost, or somebody acts at that moment."""

from collections.abc import Callable
from typing import Any

import pytest

from zotops import doors
from zotops.errors import Unreachable
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
