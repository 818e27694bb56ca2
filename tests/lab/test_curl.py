import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.practice_world import Done
from zotops.lab import executables

START = Path(executables.__file__).parent / "start.py"


class Asked(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, so that a test can read it."""

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1.5)
        status = {"/gone": 404, "/away": 302}.get(self.path, 200)
        body = f"{self.command} {self.path} {self.headers.get('X-Asked')} {self.headers.get('Accept')}".encode()
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_PUT = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def curl(folder: Path, *words: str) -> Done:
    """Our own small curl, also where the machine has a real one."""
    (folder / "state").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-E", "-s", "-S", str(START), "curl", *words],
        env={"ZOTOPS_LAB_WORLD": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_body_is_printed(url: str, tmp_path: Path) -> None:
    assert curl(tmp_path, "-sS", f"{url}/x") == Done(0, "GET /x None None", "")


def test_headers_and_method_are_sent(url: str, tmp_path: Path) -> None:
    done = curl(tmp_path, "-s", "-X", "PUT", "-H", "X-Asked: a", "-H", "Accept: b/c", f"{url}/x")
    assert done.out == "PUT /x a b/c"


def test_the_status_can_be_written_out_without_the_body(url: str, tmp_path: Path) -> None:
    words = ("-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}\\n")
    assert curl(tmp_path, *words, f"{url}/x") == Done(0, "200\n", "")
    assert curl(tmp_path, *words, f"{url}/gone") == Done(0, "404\n", "")
    assert curl(tmp_path, *words, f"{url}/away") == Done(0, "302\n", "")


def test_with_f_a_refusal_is_22_without_its_body(url: str, tmp_path: Path) -> None:
    text = "curl: (22) The requested URL returned error: 404\n"
    assert curl(tmp_path, "-sSf", f"{url}/gone") == Done(22, "", text)
    assert curl(tmp_path, "-sf", f"{url}/gone") == Done(22, "", "")


def test_with_capital_i_only_the_head_is_asked_for(url: str, tmp_path: Path) -> None:
    done = curl(tmp_path, "-sI", f"{url}/x")
    assert done.code == 0
    assert done.out.splitlines()[0] == "HTTP/1.1 200"
    assert "GET" not in done.out


@pytest.mark.parametrize(("address", "code"), [("http://127.0.0.1:1/", 7), ("slow", 28)])
def test_what_goes_wrong_has_curls_own_codes(url: str, tmp_path: Path, address: str, code: int) -> None:
    address = f"{url}/slow" if address == "slow" else address
    done = curl(tmp_path, "-s", "-m", "1", "-o", "/dev/null", "-w", "%{http_code}", address)
    assert done == Done(code, "000", "")
    assert curl(tmp_path, "-sS", "-m", "1", address).err.startswith(f"curl: ({code}) ")


@pytest.mark.parametrize("words", [("-k", "http://x"), ("-s",)])
def test_what_the_practice_world_leaves_out_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = curl(tmp_path, *words)
    assert done.code == 64
    assert "not implemented by the practice world" in done.err
