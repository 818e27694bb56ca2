"""The lab's own servers beside the registry: which command the supervisor starts for each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from zotops.lab.state import Document


def lay_servers(world: Document) -> None:
    """Write servers.json, which the supervisor reads, and the upstream registry's configuration."""
    source = world["source"]
    services = {
        "label": "services",
        "command": [world["python"], "-m", "zotops.lab.services", world["root"]],
        "folder": source,
    }
    text = json.dumps([services, _upstream(world)], indent=1)
    (Path(world["root"]) / "servers.json").write_text(text)


def _upstream(world: Document) -> Document:
    folder = Path(world["root"]) / "upstream"
    folder.mkdir()
    address = f"127.0.0.1:{world['upstream']['port']}"
    if program := shutil.which("docker-registry"):
        config: Document = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": address},
        }
        command = [program]
    else:
        host, _, port = address.partition(":")
        config = {
            "storage": {"rootDirectory": str(folder / "data")},
            "http": {"address": host, "port": port, "compat": ["docker2s2"]},
            "log": {"level": "warn"},
        }
        command = [world["python"], "-m", "zotops.lab.registry"]
    file = folder / "config.yml"
    file.write_text(json.dumps(config))  # JSON is YAML too
    # Debian's build tries to send traces somewhere unless told not to.
    environment = {"OTEL_TRACES_EXPORTER": "none"}
    command += ["serve", str(file)]
    return {"label": "upstream", "command": command, "folder": world["source"], "environment": environment}
