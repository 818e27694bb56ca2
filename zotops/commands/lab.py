"""`invoke lab`: the practice world, to play in until it is stopped."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Literal, cast

from zotops.commands.outcomes import outcome
from zotops.errors import UsageIsWrong
from zotops.lab.faults import FAULTS, Fault, fault_named
from zotops.lab.world import find_zot, make, start

STATES = ("open", "half", "hardened")


def lab(*, state: str, fault: str | None, list_faults: bool, list_traps: bool, ready_file: str | None) -> int:
    """Start the world and wait; 0 when it was stopped by Ctrl-C or SIGTERM."""
    if list_faults:
        return _list_faults()
    if list_traps:
        sys.stdout.write("There are no traps yet.\n")
        return 0
    return outcome(lambda: _lab(state, fault, ready_file))


def _lab(state: str, fault: str | None, ready_file: str | None) -> int:
    if state not in STATES:
        raise UsageIsWrong(f"--state {state}: there is no such state", remedy=f"one of {', '.join(STATES)}")
    broken = wanted_fault(fault)
    with tempfile.TemporaryDirectory(prefix="zotops-lab-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        world = make(root, state=cast("Literal['open', 'half', 'hardened']", state), zot=find_zot())
        with start(root):
            if broken:
                broken.breaks(root)
            _tell(world, broken, ready_file)
            _wait()
    return 0


def wanted_fault(name: str | None) -> Fault | None:
    """The fault of that name; UsageIsWrong lists the names when there is none."""
    if name is None:
        return None
    if found := fault_named(name):
        return found
    raise UsageIsWrong(f"there is no fault {name!r}", remedy=f"one of {', '.join(fault.name for fault in FAULTS)}")


def ready(world: dict[str, Any]) -> dict[str, Any]:
    """What a program needs to know of a started world."""
    root, passwords = Path(world["root"]), world["secrets"]["passwords"]
    return {
        "profile": str(root / "profile.toml"),
        "registry": world["registry"]["url"],
        "registry_kind": world["registry"]["kind"],
        "storage": str(root / "host" / "zot" / "data"),
        "identity_provider": world["identity_provider"]["url"],
        "forge": world["forge"]["url"],
        "users": {name: {"login": name, "password": password} for name, password in passwords.items()},
        "root": str(root),
    }


def _tell(world: dict[str, Any], broken: Fault | None, ready_file: str | None) -> None:
    facts = ready(world)
    lines = ["PRACTICE: a world to play in. Nothing here is real.", ""]
    lines += [f"  {name:<18}{facts[name]}" for name in ("registry", "registry_kind", "identity_provider", "forge")]
    lines += [f"  {'sign in as':<18}{name} / {who['password']}" for name, who in facts["users"].items()]
    lines += [f"  {'broken':<18}{broken.name}: {broken.wrong}"] if broken else []
    lines += ["", f"  ./inv deploy --profile {facts['profile']}", "", "Ctrl-C ends it."]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    if ready_file:
        path = Path(ready_file)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(facts, indent=1))
        partial.replace(path)


def _wait() -> None:
    """Until Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _list_faults() -> int:
    for fault in FAULTS:
        sys.stdout.write(
            f"{fault.name}\n  wrong    {fault.wrong}\n  noticed  {fault.noticed}\n  caught   {fault.check}\n"
        )
    return 0
