"""Real requests to a real server: what is sent, and what of the answer comes back."""

from __future__ import annotations

import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.doors.answers import COOKIE, Answers
from zotops.doors import RealHttp
from zotops.errors import Unreachable
from zotops.redaction import PLACEHOLDER, Redactor

CANARY = "correct horse battery staple"


def test_an_answer_comes_back_whole(http: RealHttp, server: str) -> None:
    reply = http.send("GET", f"{server}/refused")
    assert (reply.status, reply.json(), reply.headers["WWW-Authenticate"]) == (401, {"errors": []}, "Basic")
    assert (reply.method, reply.url) == ("GET", f"{server}/refused")


def test_what_is_sent_arrives_as_it_is(http: RealHttp, server: str) -> None:
    http.send("POST", f"{server}/plain?a=b%2Fc", headers={"User-Agent": "containerd/2.0", "X-One": "1"}, body=b"{}")
    method, path, headers, body = Answers.asked[0]
    assert (method, path, body) == ("POST", "/plain?a=b%2Fc", b"{}")
    assert (headers["User-Agent"], headers["X-One"]) == ("containerd/2.0", "1")


def test_nothing_is_sent_that_nobody_asked_for(
    http: RealHttp, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password something\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    http.send("GET", f"{server}/plain")
    assert {name.lower() for name in Answers.asked[0][2]} <= {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
    }


def test_a_redirect_is_an_answer(http: RealHttp, server: str) -> None:
    assert http.send("GET", f"{server}/moved").status == 302
    assert len(Answers.asked) == 1


def test_no_cookie_is_kept_but_its_value_is_known_to_the_redactor(
    http: RealHttp, server: str, redactor: Redactor
) -> None:
    assert COOKIE in http.send("GET", f"{server}/cookie").headers["set-cookie"]
    http.send("GET", f"{server}/plain")
    assert "Cookie" not in Answers.asked[1][2]
    assert redactor.redact(f"cookie {COOKIE}") == f"cookie {PLACEHOLDER}"


def test_a_compressed_answer_is_read_though_we_ask_for_none(http: RealHttp, server: str) -> None:
    assert http.send("GET", f"{server}/zipped").body == b"hello"
    assert Answers.asked[0][2]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("value", [f"Bearer {CANARY}\nX: y", f"Bearer {CANARY} ü", f"Bearer {CANARY}\0"])
def test_a_header_that_cannot_be_sent_shows_nowhere(
    http: RealHttp, server: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unreachable, match="a character that HTTP does not allow") as caught:
        http.send("GET", f"{server}/plain?code={CANARY}", headers={"Authorization": value})
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in caplog.text


def test_the_client_logs_no_header_and_no_query(http: RealHttp, server: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http.send("GET", f"{server}/plain?code=once", headers={"Authorization": "Basic abcdef"})
    assert "abcdef" not in caplog.text
    assert "once" not in caplog.text


def test_threads_share_the_client(http: RealHttp, server: str) -> None:
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda number: http.send("GET", f"{server}/plain?{number}").status, range(200)))
    assert replies == [200] * 200


def test_an_https_request_goes_through_the_proxy_that_is_named_unless_exempt(redactor: Redactor, server: str) -> None:
    port = server.rpartition(":")[2]
    environment = {
        "https_proxy": "http://127.0.0.1:1",
        "no_proxy": "localhost,::1,[::1],fd7a:115c:a1e0::/48,10.0.0.0/8,exempt.invalid",
    }
    door = RealHttp(redactor, environment=environment)
    with pytest.raises(Unreachable, match="nothing listens there"):
        door.send("GET", "https://somewhere.invalid/")
    with pytest.raises(Unreachable, match="not known here"):
        door.send("GET", "https://www.exempt.invalid/")
    with pytest.raises(Unreachable, match="does it speak https there"):
        door.send("GET", f"https://127.0.0.1:{port}/")
    assert door.send("GET", f"{server}/plain").status == 200
    door.close()
