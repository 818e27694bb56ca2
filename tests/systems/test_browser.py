import pytest

from tests.systems.outside import HTTP, TableServer, tabled
from zotops.errors import Unreachable
from zotops.systems.browser import Browser, bare, origin_of
from zotops.world import Headers, Reply


def browser(registered: list[str] | None = None) -> Browser:
    heard: list[str] = [] if registered is None else registered
    return Browser(http=HTTP, register=lambda secret: heard.append(secret.reveal()))


def sets(*cookies: str) -> tuple[int, bytes, dict[str, str]]:
    return 200, b"", {"Set-Cookie": cookies[0]}


def sent(server: TableServer) -> str:
    return server.seen[-1][1].get("Cookie", "")


def test_a_secure_cookie_goes_back_over_plain_http_to_the_origin_that_set_it() -> None:
    with tabled({"GET /a": sets("state=abc; Path=/zot; HttpOnly; Secure; SameSite=Lax; Max-Age=120")}) as server:
        window = browser()
        window.visit(f"{server.url}/a")
        window.visit(f"{server.url}/b")
        assert sent(server) == "state=abc"


def test_no_cookie_and_no_referer_ever_goes_to_another_origin() -> None:
    with tabled({"GET /a": sets("session=abc")}) as one, tabled({}) as other:
        window = browser()
        window.visit(f"{one.url}/a")
        window.visit(f"{other.url}/a")
        assert "Cookie" not in other.seen[-1][1]


@pytest.mark.parametrize(
    "again",
    [
        "session=; Path=/",
        "session=abc; Max-Age=0",
        "session=abc; Max-Age=-1",
        "session=abc; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)
def test_a_cookie_that_is_taken_back_is_forgotten(again: str) -> None:
    with tabled({"GET /a": sets("session=abc"), "GET /b": sets(again)}) as server:
        window = browser()
        window.visit(f"{server.url}/a")
        window.visit(f"{server.url}/b")
        assert window.cookie(server.url, "session") is None


def test_a_cookie_without_an_end_stays() -> None:
    with tabled({"GET /a": sets('session="a=b|c=="; Expires=what?')}) as server:
        window = browser()
        window.visit(f"{server.url}/a")
        assert window.cookie(server.url, "session") == '"a=b|c=="'


def test_a_redirect_is_resolved_not_followed_and_its_code_is_registered() -> None:
    registered: list[str] = []
    answer = (302, b"", {"Location": "../back?code=spent-once&state=known&lang=en"})
    with tabled({"GET /a/b": answer}) as server:
        window = browser(registered)
        assert (
            window.target(window.visit(f"{server.url}/a/b")) == f"{server.url}/back?code=spent-once&state=known&lang=en"
        )
        assert len(server.seen) == 1
    assert registered == ["spent-once", "known"]


@pytest.mark.parametrize("where", ["http://auth.example.org/", "javascript:alert(1)", "file:///etc/passwd"])
def test_a_redirect_out_of_https_is_refused_without_showing_its_query(where: str) -> None:
    reply = Reply(
        method="GET",
        url="https://auth.example.org/a?code=spent-once",
        status=302,
        headers=Headers([("Location", f"{where}?code=spent-once")]),
    )
    with pytest.raises(Unreachable, match="is not followed") as refused:
        browser().target(reply)
    assert "spent-once" not in str(refused.value)


@pytest.mark.parametrize(("status", "location"), [(200, "/x"), (302, ""), (304, "/x")])
def test_what_is_no_redirect_has_no_target(status: int, location: str) -> None:
    headers = Headers([("Location", location)] if location else [])
    assert browser().target(Reply(method="GET", url="http://localhost/", status=status, headers=headers)) is None


def test_an_origin_has_a_port_and_a_bare_address_no_query() -> None:
    assert origin_of("HTTP://Localhost:8080/a?b") == "http://localhost:8080"
    assert bare("https://example.org/a?code=1#x") == "https://example.org/a"
