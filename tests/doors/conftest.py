"""One server for each file, and the door to it as new for each test."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.doors.answers import Answers, Server
from zotops.doors import RealHttp
from zotops.redaction import Redactor


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
