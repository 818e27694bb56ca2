"""A hostile or broken server: nothing it says is believed, styled, followed or waited for, and nothing crashes."""

import re
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from tests.hostile import MEGABYTE, Behaviour, Hostile, answers, bomb, hostile, packed, repeats, resets, says
from tests.systems.outside import KEY, Safe, basic, profile_of, world_of
from zotops.access_matrix import EMPTY, NOBODY
from zotops.model import Verdict
from zotops.profile import Profile
from zotops.verdict_table import Look, table
from zotops.verification import Selected, Verified, verify

# Short where it has to run out; long where the answer is what counts, however busy the machine is.
SHORT, LONG = 0.5, 20.0
LIMIT = 30.0
JSON = "Content-Type: application/json"
OK = b"HTTP/1.1 200 OK\r\n"
PAGE = b"<html><script>alert(1)</script>sign in</html>"
ESCAPES = "\x1b]0;owned\x07\x1b[31mred\x1b[0m"
NOT_HTTP = "is not HTTP, or broke off"
# name: what the server does; what is said of it; FAILED only where the answer is a judgement, and a wrong one.
CASES: dict[str, tuple[Behaviour, str]] = {
    "an endless body": (repeats(b"x" * 65536, first=OK + b"\r\n"), "more than 8 MiB"),
    "endless chunks": (
        repeats(b"10000\r\n" + b"x" * 65536 + b"\r\n", first=OK + b"Transfer-Encoding: chunked\r\n\r\n"),
        "more than 8 MiB",
    ),
    "endless headers": (repeats(b"X-More: more\r\n" * 999, first=OK), f"{NOT_HTTP}|no whole answer"),
    "a megabyte header": (says(OK + b"X-Big: " + b"x" * MEGABYTE + b"\r\n\r\n"), NOT_HTTP),
    "a body that drips": (
        repeats(b"x", first=OK + b"Content-Length: 1000\r\n\r\n", pause=0.05), "no whole answer within"
    ),
    "headers that drip": (repeats(b"X-A: b\r\n", first=OK, pause=0.05), "no whole answer within"),
    "a status that drips": (repeats(b"H", pause=0.05), "no whole answer within|no answer within|not HTTP"),
    "silence": (lambda _: time.sleep(90), "no answer within|no whole answer"),
    "nothing": (says(b""), NOT_HTTP),
    "a reset at once": (resets(), "broke the connection off|not HTTP"),
    "a reset in the headers": (resets(OK + b"X-A: "), "broke the connection off|not HTTP"),
    "a reset in the body": (resets(OK + b"Content-Length: 9\r\n\r\nhalf"), "broke the connection off|not HTTP"),
    "half a body": (says(OK + b"Content-Length: 100\r\n\r\nhalf"), NOT_HTTP),
    "another protocol": (says(b"SSH-2.0-OpenSSH_9.9\r\n"), NOT_HTTP),
    "noise": (says(bytes(range(256)) * 8), NOT_HTTP),
    "TLS where http is asked": (says(b"\x15\x03\x01\x00\x02\x02\x28"), NOT_HTTP),
    "a length below zero": (says(OK + b"Content-Length: -1\r\n\r\nx"), NOT_HTTP),
    "two lengths": (says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), NOT_HTTP),
    "a chunk of no size": (says(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx"), NOT_HTTP),
    "a header with a NUL": (says(OK + b"X-A: \0\r\n\r\n"), NOT_HTTP),
    "only interim answers": (repeats(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.02), "within"),
    "a redirect to itself": (answers("302 Found", b"", "Location: /v2/"), "a redirect to /v2/, which is not followed"),
    "a redirect elsewhere": (answers("307 Moved", b"", "Location: http://elsewhere.invalid/x?k=v"), "elsewhere"),
    "a redirect to a file": (answers("301 Moved", b"", "Location: file:///etc/passwd"), "not followed"),
    "a redirect that paints": (answers("302 Found", b"", "Location: [bold]/[/x]\x9b31m"), "not followed"),
    "a bomb": (answers("200 OK", bomb(), "Content-Encoding: gzip", JSON), "more than 8 MiB"),
    "a damaged archive": (answers("200 OK", b"not packed", "Content-Encoding: gzip"), "its answer is damaged"),
    "a page": (answers("200 OK", PAGE, "Content-Type: text/html"), "not JSON|without a registry's headers"),
    "a packed page": (answers("200 OK", packed(PAGE), "Content-Encoding: gzip"), "not JSON|without a registry"),
    "a login page": (answers("401 Unauthorized", PAGE, 'WWW-Authenticate: Basic realm="x"'), "401, not the registry's"),
    "a forbidding page": (answers("403 Forbidden", PAGE), "403, not the registry's own|403, which says nothing"),
    "a page not found": (answers("404 Not Found", PAGE), "404, not the registry's own|404, which says nothing"),
    "broken JSON": (answers("200 OK", b'{"tags": ["v1"', JSON), "not JSON"),
    "no UTF-8": (answers("200 OK", b'{"tags": ["\xff\xfe"]}', JSON), "not JSON"),
    "JSON without end": (answers("200 OK", b"[" * 200_000, JSON), "not JSON"),
    "a number without end": (answers("200 OK", b"9" * 100_000, JSON), "not JSON|without a list"),
    "JSON of another kind": (answers("200 OK", b"[1, 2]", JSON), "without a list of"),
    "null": (answers("200 OK", b"null", JSON), "without a list of"),
    "lists that are none": (answers("200 OK", b'{"tags": 5, "repositories": {}}', JSON), "without a list of"),
    "errors that are none": (answers("401 No", b'{"errors": {"0": 1}}', JSON), "not the registry's own"),
    "errors of numbers": (answers("401 No", b'{"errors": [7]}', JSON), "not the registry's own"),
    "no content": (says(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), "204, which says nothing"),
    "a broken server": (answers("500 No", PAGE), "500, which says nothing about rights"),
    "a proxy without its server": (answers("502 Bad Gateway", PAGE), "answered 502"),
    "a server that is busy": (answers("429 Too Many Requests", b"{}", JSON), "429, which says nothing"),
    "a teapot": (answers("418 Teapot", b"{}", JSON), "418, which says nothing"),
    "a status that paints": (answers(f"420 {ESCAPES}[red]", b""), "420, which says nothing|not HTTP"),
}  # fmt: skip


def look(server: str, folder: Path, *, provider: str = "", within: float = LONG) -> Verified:
    profile = at(profile_of(folder, registry="http://127.0.0.1:1", provider=provider or server), server)
    world = world_of(profile, Safe({profile.current_key.secret: KEY}))
    return verify(world, profile, Selected(asking=frozenset({NOBODY, EMPTY}), names=("access",)), within=within)


def at(profile: Profile, url: str, *, trusted: bool = False) -> Profile:
    registry = msgspec.structs.replace(profile.registry, url=url, plain_http_is_trusted=trusted, addresses=())
    return msgspec.structs.replace(profile, registry=registry)


@pytest.mark.parametrize("name", CASES)
def test_it_is_unknown_in_time_and_says_why(name: str, tmp_path: Path) -> None:
    behaviour, reason = CASES[name]
    with hostile(behaviour) as server:
        start = time.monotonic()
        found = look(server.url, tmp_path, within=SHORT if "within" in reason or "no whole" in reason else LONG)
        took = time.monotonic() - start
    assert took < LIMIT
    assert {one.evidence.verdict for one in found.results} == {Verdict.UNKNOWN}
    assert [one.name for one in found.results if not one.evidence.remedy] == []
    said = " ".join(asked.seen.said for asked in found.matrix)
    assert re.search(reason, said), said[:400]
    text = "\n".join(line.text for line in table(found, Look(), registry="x"))
    assert "\x1b" not in text


def test_a_server_that_lets_everything_through_is_red(tmp_path: Path) -> None:
    body = b'{"errors": [{"code": "MANIFEST_INVALID"}]}'
    with hostile(answers("415 No", body, JSON)) as server:
        found = look(server.url, tmp_path)
    assert {str(one.check) for one in found.of(Verdict.FAILED)} >= {"nobody may write without a key, at any address"}
    assert found.of(Verdict.PASSED) == ()


def test_a_server_that_refuses_everything_is_red_where_reading_is_free(tmp_path: Path) -> None:
    with hostile(answers("401 No", b'{"errors": [{"code": "UNAUTHORIZED"}]}', JSON)) as server:
        found = look(server.url, tmp_path)
    assert [str(one.check) for one in found.of(Verdict.FAILED)] == ["anybody may read"]


WHOLE = (
    "silence",
    "a page",
    "JSON without end",
    "a redirect elsewhere",
    "errors that are none",
    "an endless body",
    "null",
)


@pytest.mark.parametrize("name", WHOLE)
def test_with_everything_asked_nothing_passes_that_has_to_be_told(name: str, tmp_path: Path) -> None:
    """Provider and registry are the same hostile server; what needs no answer of theirs may pass."""
    with hostile(CASES[name][0]) as server:
        profile = at(profile_of(tmp_path, registry="http://127.0.0.1:1", provider=server.url), server.url, trusted=True)
        start = time.monotonic()
        world = world_of(profile, Safe({profile.current_key.secret: KEY}))
        found = verify(world, profile, Selected(), within=SHORT)
        assert time.monotonic() - start < 2 * LIMIT
    passed = {one.name for one in found.results if one.evidence.verdict is Verdict.PASSED}
    # These two take a status for an answer, as their clients do.
    by_status = {"consumers", "mirror-form"} if name in {"a page", "JSON without end", "null"} else set()
    assert passed <= {"certificate", "key-in-argv"} | by_status


def test_no_credential_follows_a_redirect_or_goes_over_plain_http(tmp_path: Path) -> None:
    with ExitStack() as stack:
        other: Hostile = stack.enter_context(hostile(answers("200 OK", b"{}")))
        server = stack.enter_context(hostile(answers("307 Moved", b"", f"Location: {other.url}/v2/")))
        profile = profile_of(tmp_path, registry="http://127.0.0.1:1", provider=server.url)
        for trusted in (False, True):
            place = at(profile, server.url, trusted=trusted)
            world = world_of(place, Safe({place.current_key.secret: KEY}))
            verify(world, place, Selected(names=("access",)), within=LONG)
            sent = [head for head in server.heads if basic("zot-ci", KEY).encode() in head]
            assert bool(sent) is trusted
        assert other.heads == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=127.0.0.1"]
    try:
        subprocess.run(
            [*words, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return folder


def test_an_untrusted_certificate_is_unknown_and_no_key_is_sent(certificate: Path, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    def shakes_hands(peer: socket.socket) -> None:
        context.wrap_socket(peer, server_side=True)

    with hostile(shakes_hands, reads=False) as server:
        found = look(server.url.replace("http:", "https:"), tmp_path)
    assert {one.evidence.verdict for one in found.results} == {Verdict.UNKNOWN}
    assert "certificate is not trusted here" in found.results[0].evidence.observed


def test_plain_http_where_tls_is_asked_is_unknown(tmp_path: Path) -> None:
    with hostile(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads=False) as server:
        found = look(server.url.replace("http:", "https:"), tmp_path)
    assert {one.evidence.verdict for one in found.results} == {Verdict.UNKNOWN}
    assert "no TLS connection" in found.results[0].evidence.observed
