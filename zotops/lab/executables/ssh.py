"""`ssh HOST COMMAND`: runs the command in the world's host folder, its words joined as ssh joins them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from zotops.lab.executables.call import Call, NotImplementedHere, complain

WITH_VALUE = ("-o", "-p", "-l", "-i", "-F")
ALONE = ("-T", "-n", "-q", "-x", "-4", "-6", "-a", "-tt", "-t")


def main(call: Call) -> int:
    """Become the remote command; 255 is ssh's own code for everything that goes wrong before it."""
    words = list(call.words)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in WITH_VALUE:
            words.pop(0)
        elif option not in ALONE and option[:2] not in WITH_VALUE:
            raise NotImplementedHere(option)
    if not words:
        raise NotImplementedHere("no host")
    host = words.pop(0).rpartition("@")[2]
    if not words:
        raise NotImplementedHere("a login shell")
    if host != call.world()["names"]["ssh_host"]:
        complain(f"ssh: Could not resolve hostname {host}: Name or service not known")
        return 255
    if call.quirks().get("unreachable"):
        complain(f"ssh: connect to host {host} port 22: Connection refused")
        return 255
    return _become(call, " ".join(words))


def _become(call: Call, command: str) -> int:
    home = call.folder / "host"
    environment = {
        "PATH": str(call.folder / "bin"),
        "HOME": str(home),
        "USER": "practice",
        "LANG": "C.UTF-8",
        "ZOTOPS_LAB_WORLD": str(call.folder),
        **_own_environment(home / ".ssh" / "environment"),
    }
    os.chdir(home)
    sys.stdout.flush()
    os.execve("/bin/sh", ["sh", "-c", command], environment)  # noqa: S606 - the shell is the program


def _own_environment(file: Path) -> dict[str, str]:
    """What the account adds for itself, as sshd reads it where PermitUserEnvironment allows that."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {name: value for name, sign, value in (line.partition("=") for line in lines) if sign}
