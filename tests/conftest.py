"""What holds for every test: no vault, no home, no outside address, and a moving sample of the costly cases."""

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SEED = "ZOTOPS_SAMPLE"
FOREIGN = ("OP_", "ARGOCD_", "ANSIBLE_", "ZOTOPS_", "KUBE", "SSH_", "XDG_", "DBUS_", "MISE_")
# Where a test finds a real zot, and what the sample is drawn with: both are meant for the tests.
KEPT = ("ZOTOPS_ZOT", SEED)
# How many of each family of costly tests a run has: with them it stays under ten minutes on two cores.
DRAWN = {
    "breaking": 5,
    "deploying": 1,
    "faults": 1,
    "key-status": 2,
    "killed": 1,
    "mutants": 1,
    "remedies": 1,
    "rotations": 1,
    "schedules": 1,
    "stand-ins": 1,
    "verify-faults": 2,
    "windows": 1,
}
MUST_RUN_IN_CI = re.compile(r"\b(skopeo|chromium|docker-registry|mise|systemd-analyze|kubernetes-validate)\b")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-case", action="store_true", help="run all costly cases, not only this commit's sample")


def pytest_configure(config: pytest.Config) -> None:
    # A shell that started us in the background lets us ignore Ctrl-C, and our children with us; some tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Set before xdist starts its workers, so that all of them draw the same sample.
    os.environ.setdefault(SEED, commit())
    for name in list(os.environ):
        if name.startswith(FOREIGN) and name not in KEPT:
            del os.environ[name]
    # For fixtures that live longer than a test; each test gets a world of its own from `own_world`.
    place = Path(tempfile.mkdtemp(prefix="zotops-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(place, ignore_errors=True))
    os.environ |= make_world(place)
    guard_sockets()


def make_world(place: Path) -> dict[str, str]:
    """Make an empty home and an empty state directory there, and return the variables that name them."""
    folders = {"HOME": place / "home", "ZOTOPS_STATE": place / "state"}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    return {name: str(folder) for name, folder in folders.items()}


def commit() -> str:
    """Return the short id of the commit that is tested, or a fixed word outside a repository."""
    git = shutil.which("git")
    if git is None:
        return "no-commit"
    words = [git, "-C", str(ROOT), "rev-parse", "--short=8", "HEAD"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done.stdout.strip() or "no-commit"


def pytest_report_header(config: pytest.Config) -> str:
    if config.getoption("--every-case"):
        return "costly cases: all"
    return f"costly cases: a sample drawn with {SEED}={os.environ[SEED]}; all of them with `./inv test --all`"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--every-case"):
        return
    families: dict[str, list[pytest.Item]] = {}
    for item in items:
        if mark := item.get_closest_marker("costly"):
            families.setdefault(mark.args[0], []).append(item)
    left_out = {item for name, family in families.items() for item in sorted(family, key=lot)[DRAWN[name] :]}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def lot(item: pytest.Item) -> bytes:
    """By which a test is drawn, the lowest first: moved by the seed, and the same on every machine."""
    return hashlib.sha256(f"{os.environ[SEED]} {item.nodeid}".encode()).digest()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """In CI a program that .ci/run installs is there: a test that misses it fails instead of being skipped."""
    del item
    report = yield
    if os.environ.get("CI") and report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2])
        if MUST_RUN_IN_CI.search(reason):
            report.outcome, report.longrepr = "failed", f"in CI this must run: {reason}"
    return report


@pytest.fixture(autouse=True)
def own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test, and the children that it starts, a home and a state of its own."""
    for name, folder in make_world(tmp_path_factory.mktemp("world")).items():
        monkeypatch.setenv(name, folder)


def guard_sockets() -> None:
    """Fail whatever would reach for an outside address from this process, or ask the network for a name."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse_outside(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_outside(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host).endswith(".invalid"):
            # RFC 6761, section 6.4: such a name never exists, so nobody needs to be asked.
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        refuse_outside((host,))
        return getaddrinfo(host, *arguments, **options)

    for place, name, guarded in (
        (socket.socket, "connect", guarded_connect),
        (socket.socket, "connect_ex", guarded_connect_ex),
        (socket, "getaddrinfo", guarded_getaddrinfo),
    ):
        setattr(place, name, guarded)


def refuse_outside(address: Any) -> None:
    """End the test unless the address is a socket file, nothing yet, or on loopback."""
    host = address[0] if isinstance(address, tuple) else None
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost", "::1", "0.0.0.0", "::"} or str(name).startswith("127."):  # noqa: S104 - compared
        return
    pytest.fail(f"this test would reach {name}; tests talk to loopback only")
