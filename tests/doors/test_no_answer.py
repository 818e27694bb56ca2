"""Where no whole answer comes, the reason is named, in time."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.doors.answers import Answers
from zotops.doors import RealHttp
from zotops.errors import Unreachable


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("endless", "more than 8 MiB"),
        ("late", r"no answer within 0\.3 s"),
        ("trickle", r"no whole answer within 0\.3 s"),
        ("drip", r"no whole answer within 0\.3 s"),
        ("cutoff", "broke off in the middle"),
        ("noise", "is not HTTP"),
        ("hangup", "broke"),
    ],
)
def test_half_an_answer_is_none(http: RealHttp, server: str, path: str, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable, match=reason):
        http.send("GET", f"{server}/{path}", timeout=0.3 if path in {"late", "trickle", "drip"} else 5.0)
    assert time.monotonic() - began < 20


def test_an_answer_that_trickles_in_is_not_read_for_ever(http: RealHttp, server: str) -> None:
    before = {thread.name for thread in threading.enumerate()}
    with pytest.raises(Unreachable):
        http.send("GET", f"{server}/trickle", timeout=0.3)
    time.sleep(0.5)
    assert not [name for name in {thread.name for thread in threading.enumerate()} - before if "exchange" in name]


def test_whoever_waits_when_it_is_closed_is_let_go_and_nothing_more_is_sent(http: RealHttp, server: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(http.send, "GET", f"{server}/{path}") for path in ("late", "trickle", "drip")]
        time.sleep(0.3)
        began, asked = time.monotonic(), len(Answers.asked)
        http.close()
        for each in waiting:
            with pytest.raises(Unreachable, match="given up because zotops ends"):
                each.result()
        with pytest.raises(Unreachable, match="given up because zotops ends"):
            http.send("GET", f"{server}/plain")
    assert time.monotonic() - began < 20
    assert len(Answers.asked) == asked


def test_a_closed_port_refuses(http: RealHttp) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable, match="nothing listens there") as caught:
        http.send("GET", url)
    assert str(caught.value).startswith(f"GET {url}: ")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://nowhere.invalid/", "its name is not known here"),
        ("ftp://127.0.0.1/", "no web address"),
        ("http://", "no web address"),
        ("http://[::1/", "no web address"),
    ],
)
def test_an_impossible_address_is_unreachable(http: RealHttp, url: str, reason: str) -> None:
    with pytest.raises(Unreachable, match=reason):
        http.send("GET", url)


def test_plain_http_behind_an_https_address_is_named(http: RealHttp, server: str) -> None:
    with pytest.raises(Unreachable, match="does it speak https there"):
        http.send("GET", server.replace("http:", "https:"))
