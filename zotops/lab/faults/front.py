"""Other ways to the registry: a proxy with a bad habit before it, and a second front door without rules."""

from __future__ import annotations

import json
import plistlib
import shutil
import socket
import time
from pathlib import Path
from typing import Any

from zotops.lab.faults.breaking import (
    CONFIGURATION,
    PROFILE,
    VARIABLES,
    ask_supervisor,
    in_file,
    restart_registry,
    world_of,
)
from zotops.lab.faults.fault import Breaks
from zotops.lab.state import Document

WITHIN = 10.0


def in_front(**habits: Any) -> Breaks:
    """Put a proxy on the registry's address, and the registry itself behind it, where its own machine reaches it."""

    def breaks(root: Path) -> None:
        world = world_of(root)
        port, behind = world["registry"]["port"], free_port()
        in_file(CONFIGURATION, f'"port": "{port}"', f'"port": "{behind}"')(root)
        in_file(VARIABLES, f'"registry_port": {port}', f'"registry_port": {behind}')(root)
        in_file(PROFILE, f'local_url = "http://127.0.0.1:{port}"', f'local_url = "http://127.0.0.1:{behind}"')(root)
        restart_registry(root)
        wait_for(behind)
        words = ["-m", "zotops.lab.proxy", str(port), str(behind), json.dumps(habits)]
        add_server(root, "practice.proxy", [world["python"], "-s", *words])
        wait_for(port)

    return breaks


def second_door(root: Path) -> None:
    """Start a registry without rules on a copy of the images, and make it the profile's second address."""
    world = world_of(root)
    port, home = free_port(), root / "host" / "zot"
    config: Document = json.loads((home / "config.json").read_text())
    data = home / "second-data"
    shutil.copytree(home / "data", data, ignore=shutil.ignore_patterns("*.db", "_sessions"))
    config["storage"]["rootDirectory"] = str(data)
    config["http"] = {"address": "127.0.0.1", "port": str(port), "compat": ["docker2s2"]}
    file = home / "second.json"
    file.write_text(json.dumps(config, indent=2))
    add_server(root, "practice.second", [*world["registry"]["command"], "serve", str(file)])
    in_file(PROFILE, "http://localhost:{registry}", f"http://localhost:{port}")(root)
    wait_for(port)


def add_server(root: Path, label: str, command: list[str]) -> None:
    """Let the world's supervisor run one more server, as launchd would; it ends with the world."""
    plist = root / "host" / "LaunchAgents" / f"{label}.plist"
    source = str(world_of(root)["source"])
    agent = {
        "Label": label,
        "ProgramArguments": command,
        "KeepAlive": True,
        "EnvironmentVariables": {"PYTHONPATH": source},
    }
    plist.write_bytes(plistlib.dumps(agent))
    ask_supervisor(root, ask="load", path=str(plist))


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def wait_for(port: int) -> None:
    """Until something listens there; TimeoutError after ten seconds."""
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"nothing listens on 127.0.0.1:{port}")
