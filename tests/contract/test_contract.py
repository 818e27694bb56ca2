"""The registry stand-in, and a real zot if there is one, against what was recorded from zot 2.1.20."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract import replay

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCENARIOS = sorted((HERE / "contract").glob("*.json"))
CONFIGURATIONS = ("hardened", "no-default-policy", "no-anonymous", "auth-only", "private-prefix")
REAL = os.environ.get("ZOTOPS_ZOT")


def free_ports(count: int) -> list[int]:
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return ports


def launcher(folder: Path) -> Path:
    file = folder / "zot"
    words = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m zotops.lab.registry "$@"'
    file.write_text(f"#!/bin/sh\n{words}\n")
    file.chmod(0o755)
    return file


@pytest.fixture(scope="module", params=["stand-in", *(["real"] if REAL else [])])
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One server per configuration, by name, with the functions that play a scenario."""
    folder = tmp_path_factory.mktemp("contract")
    zot = launcher(folder) if request.param == "stand-in" else Path(str(REAL))
    issuer, *ports = free_ports(1 + len(CONFIGURATIONS))
    places = [f"{name}={port}" for name, port in zip(CONFIGURATIONS, ports, strict=True)]
    words = [sys.executable, str(HERE / "serve.py"), "--zot", str(zot), "--dir", str(folder / "state")]
    process = subprocess.Popen([*words, "--issuer-port", str(issuer), *places], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        lines = []
        while (line := process.stdout.readline().strip()) not in {"ready", ""}:
            lines.append(line)
        try:
            assert line == "ready", lines
            urls = dict(re.findall(r"--url (\S+?)=(\S+)", "\n".join(lines)))
            started = {name: replay.Server(url, replay.mock_login) for name, url in urls.items()}
            yield started
            for server in started.values():
                server.http.close()
        finally:
            process.terminate()


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_the_registry_answers_as_zot_did_when_it_was_recorded(servers: dict[str, Any], file: Path) -> None:
    scenario = json.loads(file.read_text())
    assert replay.Scenario(scenario, servers[scenario["config"]]).play() == []
