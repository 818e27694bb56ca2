"""Somebody else who uses a key of the CI user all the time: `somebody WORLD`, the key stands in state/somebody.json."""

from __future__ import annotations

import base64
import sys
import time
from pathlib import Path

from zotops.lab.first_key import Browser
from zotops.lab.state import State

PAUSE = 0.05


def main() -> None:
    """Ask for nothing but the ping, again and again, until a signal ends it."""
    known = State(Path(sys.argv[1]) / "state").read("somebody")
    login = base64.b64encode(f"{known['user']}:{known['key']}".encode()).decode()
    while True:
        try:
            Browser().ask(known["url"], headers={"Authorization": f"Basic {login}"})
        except OSError:
            time.sleep(PAUSE)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
