"""Real requests to a real server, real child processes."""

from __future__ import annotations

import gzip
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from zotops.children import operators_environment
from zotops.doors import RealClock, RealHttp, RealPrograms
from zotops.errors import ConfigurationIsWrong, Unreachable
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.world import Secret

CANARY = "correct horse battery staple"
COOKIE = "session-0123456789abcdef"


class Answers(BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was asked."""

    asked: list[tuple[str, str, Mapping[str, str], bytes]] = []  # noqa: RUF012  # one list for all requests is meant
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, dict(self.headers), body))
        answer: Callable[[], None] = getattr(self, f"answer_{self.path.strip('/').split('?')[0]}", self.answer_plain)
        with suppress(BrokenPipeError, ConnectionResetError):
            answer()

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = handle_any  # noqa: N815  # the library's names

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_plain(self) -> None:
        self.say(200, b"hello")

    def answer_refused(self) -> None:
        self.say(401, b'{"errors":[]}', WWW_Authenticate="Basic", Content_Type="application/json")

    def answer_moved(self) -> None:
        self.say(302, b"", Location="/plain")

    def answer_cookie(self) -> None:
        self.say(200, b"", Set_Cookie=f'session="{COOKIE}"; Path=/')

    def answer_zipped(self) -> None:
        self.say(200, gzip.compress(b"hello"), Content_Encoding="gzip")

    def answer_endless(self) -> None:
        self.say(200, b"x" * (9 * 1024 * 1024))

    def answer_late(self) -> None:
        time.sleep(1.0)
        self.say(200, b"late")

    def answer_trickle(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def answer_drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            self.wfile.write(f"X-{number}: x\r\n".encode())
            self.wfile.flush()
            time.sleep(0.1)

    def answer_cutoff(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def answer_noise(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        self.close_connection = True

    def answer_hangup(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


class Server(ThreadingHTTPServer):
    """A client that goes away is nothing to report."""

    def handle_error(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Answers) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def http(redactor: Redactor) -> Iterator[RealHttp]:
    Answers.asked.clear()
    door = RealHttp(redactor, environment={})
    yield door
    door.close()


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
    assert time.monotonic() - began < 3


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
    assert time.monotonic() - began < 0.5
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
    environment = {"https_proxy": "http://127.0.0.1:1", "no_proxy": "exempt.invalid"}
    door = RealHttp(redactor, environment=environment)
    with pytest.raises(Unreachable, match="nothing listens there"):
        door.send("GET", "https://somewhere.invalid/")
    with pytest.raises(Unreachable, match="not known here"):
        door.send("GET", "https://www.exempt.invalid/")
    with pytest.raises(Unreachable, match="does it speak https there"):
        door.send("GET", f"https://127.0.0.1:{port}/")
    assert door.send("GET", f"{server}/plain").status == 200
    door.close()


# Programs


def programs(**options: object) -> RealPrograms:
    return RealPrograms(Redactor(), **options)  # type: ignore[arg-type]  # each test names the few that it needs


def script(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable} -S\n{text}")
    path.chmod(0o755)


def python(text: str) -> list[str]:
    return [sys.executable, "-S", "-c", text]


def test_a_program_runs_to_its_end() -> None:
    done = programs().run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))
    assert (done.code, done.out, done.err) == (3, "out\n", "err\n")


def test_an_absent_program_is_named_with_its_remedy() -> None:
    with pytest.raises(Unreachable, match=r"`no-such-program` is not installed: install no-such-program"):
        programs().run(["no-such-program"])


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("#!/no/such/interpreter\n")
    (tmp_path / "odd").chmod(0o755)
    with pytest.raises(Unreachable, match="odd` cannot be started: No such file"):
        programs(search_path=str(tmp_path)).run(["odd"])


def test_without_input_its_stdin_is_empty() -> None:
    assert programs().run(python("import sys; print(repr(sys.stdin.read()))")).out == "''\n"


def test_input_comes_through_a_pipe_and_not_by_argument() -> None:
    text = "import os, stat, sys; print(stat.S_ISFIFO(os.fstat(0).st_mode), sys.stdin.read(), len(sys.argv))"
    assert programs().run(python(text), stdin=Secret(CANARY)).out == f"True {CANARY} 1\n"


def test_much_input_and_much_output_do_not_block_each_other() -> None:
    text = "import sys; data = sys.stdin.read(); sys.stderr.write(data); sys.stdout.write(data)"
    done = programs().run(python(text), stdin=Secret("x" * 3_000_000))
    assert (len(done.out), len(done.err)) == (3_000_000, 3_000_000)


def test_a_program_that_does_not_read_its_input_may_end() -> None:
    assert programs().run(python("pass"), stdin=Secret("x" * 3_000_000)).code == 0


def test_lines_come_one_by_one_and_redacted_while_the_program_still_runs() -> None:
    redactor = Redactor()
    redactor.register(Secret(CANARY))
    seen: list[tuple[str, float]] = []
    text = f"import time; print('first', flush=True); time.sleep(0.5); print('key {CANARY}\\r\\nlast ä', end='')"
    done = RealPrograms(redactor).run(python(text), on_line=lambda line: seen.append((line, time.monotonic())))
    assert [line for line, _ in seen] == ["first", f"key {PLACEHOLDER}", "last ä"]
    assert seen[1][1] - seen[0][1] > 0.3
    assert CANARY in done.out


def test_a_silent_program_that_speaks_at_its_very_end_is_heard() -> None:
    assert programs().run(python("import time; time.sleep(0.8); print('end')")).out == "end\n"


def test_a_slow_listener_misses_nothing() -> None:
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        time.sleep(0.7 if line == "first" else 0.0)

    text = "import os, time; print('first', flush=True); time.sleep(0.2); os.write(1, b'last'); os._exit(0)"
    assert programs().run(python(text), on_line=on_line).out == "first\nlast"
    assert seen == ["first", "last"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


def test_a_program_that_takes_too_long_is_ended_with_all_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    short = tuple((sign, 0.2) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
    monkeypatch.setattr("zotops.children.FAREWELL", short)
    seen: list[str] = []
    with pytest.raises(Unreachable, match=r"did not end within 0\.5 s; the last it said: \d+ \d+"):
        programs().run(python(STUBBORN), timeout=0.5, on_line=seen.append)
    assert not any(alive(int(pid)) for pid in seen[0].split())


def test_ctrl_c_lets_it_say_goodbye_and_leaves_nothing_behind() -> None:
    text = """
import os, time
try:
    print(os.getpid(), flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("cleaned up", flush=True)
"""
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        if len(seen) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        programs().run(python(text), on_line=on_line)
    assert seen[1] == "cleaned up"
    assert not alive(int(seen[0]))


def test_a_listener_that_fails_leaves_nothing_behind() -> None:
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        programs().run(python("import os, time; print(os.getpid(), flush=True); time.sleep(60)"), on_line=on_line)
    assert not alive(int(seen[0]))


def test_closing_ends_what_runs_in_other_threads() -> None:
    door = programs()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(door.run, python("import time; time.sleep(60)"))
        time.sleep(0.2)
        door.close()
        with pytest.raises(Unreachable, match="was stopped because zotops ends"):
            running.result(timeout=10)


def test_what_a_program_leaves_in_the_background_is_not_waited_for() -> None:
    text = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(30)"])
print(child.pid)
"""
    began = time.monotonic()
    done = programs().run(python(text))
    assert time.monotonic() - began < 5
    os.kill(int(done.out), signal.SIGKILL)


def test_a_search_path_replaces_the_operators(tmp_path: Path) -> None:
    script(tmp_path, "only", "print('found')\n")
    door = programs(search_path=str(tmp_path))
    assert door.run(["only"]).out == "found\n"
    assert door.find("only") == str(tmp_path / "only")
    assert door.find("sh") is None
    with pytest.raises(Unreachable, match="`sh` is not installed"):
        door.run(["sh", "-c", "true"])


def test_a_given_environment_is_all_that_a_program_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OP_SERVICE_ACCOUNT_TOKEN", "theirs")
    text = "import os; print(sorted(os.environ))"
    done = programs(search_path="/nowhere", environment={"HOME": "/nowhere"}).run(
        python(text), environment={"EXTRA": "1"}
    )
    assert set(eval(done.out)) - {"LC_CTYPE"} == {"EXTRA", "HOME", "PATH"}  # noqa: S307  # our own child's list


def test_an_operators_environment_is_theirs_without_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = Path(sys.prefix) / "bin"
    monkeypatch.setenv("PATH", f"{ours}:{tmp_path}:/usr/bin:/bin")
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "ZOTOPS_STATE", "__PYVENV_LAUNCHER__"):
        monkeypatch.setenv(name, str(sys.prefix))
    monkeypatch.setenv("OP_ACCOUNT", "theirs")
    kept = operators_environment(os.environ)
    assert kept["PATH"] == f"{tmp_path}:/usr/bin:/bin"
    assert kept["OP_ACCOUNT"] == "theirs"
    assert not {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "ZOTOPS_STATE", "__PYVENV_LAUNCHER__"} & kept.keys()


def test_our_own_ansible_never_hides_theirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = Path(sys.prefix) / "bin"
    assert (ours / "ansible-playbook").exists()
    script(tmp_path, "ansible-playbook", "print('theirs')\n")
    monkeypatch.setenv("PATH", f"{ours}:{tmp_path}:/usr/bin:/bin")
    assert programs().run(["ansible-playbook", "--version"]).out == "theirs\n"


def test_programs_run_in_the_folder_that_the_profile_names(tmp_path: Path) -> None:
    done = programs(directory=str(tmp_path)).run(python("import os; print(os.getcwd())"))
    assert done.out.strip() == str(tmp_path.resolve())
    with pytest.raises(ConfigurationIsWrong, match="is no folder"):
        programs(directory=str(tmp_path / "absent")).run(python("pass"))


def test_the_runs_lock_is_inherited_but_not_by_a_vault_that_keeps_running(tmp_path: Path) -> None:
    text = "import os, sys\ntry:\n    os.fstat(int(sys.argv[1])); print('held')\nexcept OSError:\n    print('free')\n"
    script(tmp_path, "op", text)
    script(tmp_path, "other", text)
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    door = programs(search_path=str(tmp_path), inherit=[descriptor])
    assert [door.run([name, str(descriptor)]).out for name in ("op", "other")] == ["free\n", "held\n"]
    os.close(descriptor)


def test_the_clock_is_aware_and_goes_forward() -> None:
    clock = RealClock()
    began = clock.ticks()
    clock.sleep(0.01)
    clock.sleep(-1)
    assert clock.ticks() > began
    assert clock.now().utcoffset() is not None
