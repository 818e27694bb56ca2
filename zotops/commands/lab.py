"""`invoke lab`: the practice world, to play in until it is stopped."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from zotops.asked_files import writing
from zotops.commands.outcomes import outcome
from zotops.errors import UsageIsWrong
from zotops.lab.faults import FAULTS, TRAPS, Fault, Trap, Twist, twist_named
from zotops.lab.world import StartState, find_zot, make, start

STATES = ("open", "half", "hardened")


def lab(*, state: str, fault: str | None, list_faults: bool, list_traps: bool, ready_file: str | None) -> int:
    """Start the world and wait; 0 when it was stopped by Ctrl-C or SIGTERM."""
    if list_faults or list_traps:
        return _list(FAULTS if list_faults else (), TRAPS if list_traps else ())
    return outcome(lambda: _lab(state, fault, ready_file))


def _lab(state: str, fault: str | None, ready_file: str | None) -> int:
    if state not in STATES:
        raise UsageIsWrong(f"--state {state}: there is no such state", remedy=f"one of {', '.join(STATES)}")
    twist = wanted_twist(fault)
    with tempfile.TemporaryDirectory(prefix="zotops-lab-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        zot = None if twist and twist.played_by == "stand-in" else find_zot()
        world = make(root, state=cast("StartState", state), zot=zot)
        with start(root):
            if twist:
                twist.breaks(root)
            _tell(world, twist, ready_file)
            _wait()
    return 0


def wanted_twist(name: str | None) -> Twist | None:
    """The fault or trap of that name; UsageIsWrong lists the names when there is none."""
    if name is None:
        return None
    if found := twist_named(name):
        return found
    faults, traps = (", ".join(twist.name for twist in twists) for twists in (FAULTS, TRAPS))
    raise UsageIsWrong(f"there is no fault or trap {name!r}", remedy=f"one of {faults}; or of the traps {traps}")


def told(twist: Twist) -> str:
    """Its name, and what is not as one expects."""
    played = {"stand-in": " The stand-in plays it: a real zot cannot show it.", "proxy": " A proxy plays it."}
    what = twist.wrong if isinstance(twist, Fault) else twist.odd if isinstance(twist, Trap) else ""
    return f"{twist.name}: {what}{played.get(twist.played_by, '')}"


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


def _tell(world: dict[str, Any], twist: Twist | None, ready_file: str | None) -> None:
    facts = ready(world)
    lines = ["PRACTICE: a world to play in. Nothing here is real.", ""]
    lines += [f"  {name:<18}{facts[name]}" for name in ("registry", "registry_kind", "identity_provider", "forge")]
    lines += [f"  {'sign in as':<18}{name} / {who['password']}" for name, who in facts["users"].items()]
    lines += [f"  {'broken' if isinstance(twist, Fault) else 'odd':<18}{told(twist)}"] if twist else []
    lines += ["", f"  ./inv deploy --profile {facts['profile']}", f"  {facts['root']}/shell   to type in it", ""]
    lines += ["Ctrl-C ends it."]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    if ready_file:
        path = Path(ready_file)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        with writing(path):
            partial.touch(mode=0o600)
            partial.write_text(json.dumps(facts, indent=1))
            partial.replace(path)


def _wait() -> None:
    """Until Ctrl-C, SIGTERM or a closed terminal."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _list(faults: Sequence[Fault], traps: Sequence[Trap]) -> int:
    for fault in faults:
        _write(fault, wrong=fault.wrong, noticed=fault.noticed, caught=fault.check, shown=fault.shown_by)
    for trap in traps:
        _write(trap, odd=trap.odd, passes=trap.check, shown=trap.shown_by)
    return 0


def _write(twist: Twist, **lines: str) -> None:
    played = {"played": f"by the {twist.played_by}: a real zot cannot show it"} if twist.played_by else {}
    text = "\n".join(f"  {name:<9}{line}" for name, line in {**lines, **played}.items())
    sys.stdout.write(f"{twist.name}\n{text}\n")
