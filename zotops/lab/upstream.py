"""The registry on the internet that the practice registry caches from, here on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from zotops.lab.pushing import push_image
from zotops.lab.pushing.images import Format

_SECONDS, _PAUSE = 10.0, 0.01
_SOURCE = Path(__file__).parents[2]


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start it with its storage, configuration and log in `folder`; it is not ready yet when this returns.

    Debian's `docker-registry` where it is installed, else the practice registry with nothing closed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = shutil.which("docker-registry")
    configuration = folder / ("config.yml" if program else "config.json")
    settings = _debian(folder, port) if program else _stand_in(folder, port)
    configuration.write_text(json.dumps(settings))  # JSON is YAML too
    argv = [program] if program else [sys.executable, "-m", "zotops.lab.registry"]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(_SOURCE),
        "OTEL_TRACES_EXPORTER": "none",
    }
    with (folder / "upstream.log").open("ab") as log:
        return subprocess.Popen(
            [*argv, "serve", str(configuration)], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def seed(url: str, images: Iterable[str], form: Format = "docker") -> None:
    """Push a tiny image for each `repository:tag`, in Docker's format unless told otherwise, as soon as it answers.

    TimeoutError when nothing answers within ten seconds.
    """
    _wait(url)
    for image in images:
        repository, _, tag = image.rpartition(":")
        push_image(url, repository, tag, f"upstream {image}", None, "dagger", form)


def _wait(url: str) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}/v2/", timeout=_SECONDS).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > end:
                raise TimeoutError(f"nothing answers at {url}: see upstream.log in its folder") from None
            time.sleep(_PAUSE)
        else:
            return


def _debian(folder: Path, port: int) -> dict[str, object]:
    return {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }


def _stand_in(folder: Path, port: int) -> dict[str, object]:
    return {
        "storage": {"rootDirectory": str(folder / "data")},
        "http": {"address": "127.0.0.1", "port": str(port), "compat": ["docker2s2"]},
        "log": {"level": "warn"},
    }
