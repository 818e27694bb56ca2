"""macOS's `launchctl`: list, load, unload, kickstart, answered by the world's supervisor."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from zotops.lab.executables.call import Call, NotImplementedHere, complain, parse_words, say

Jobs = dict[str, dict[str, Any]]


def main(call: Call) -> int:
    """Answer as `launchctl` does; `load` succeeds even when the program dies at once."""
    command, *rest = call.words or [""]
    if command == "list":
        return _list(call, rest)
    if command in ("load", "unload"):
        return _load_or_unload(call, command, rest)
    if command == "kickstart":
        return _kickstart(call, rest)
    raise NotImplementedHere(command or "no subcommand")


def _ask(call: Call, **request: object) -> dict[str, Any]:
    port = call.world()["supervisor"]["port"]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(connection.makefile("rb").readline())
    return answer


def _list(call: Call, words: list[str]) -> int:
    answered: Jobs = _ask(call, ask="list")["jobs"]
    jobs = {label: job for label, job in answered.items() if job["agent"]}
    if not words:
        say("PID\tStatus\tLabel")
        for label, job in jobs.items():
            say(f"{job['pid'] or '-'}\t{job['last_exit'] or 0}\t{label}")
        return 0
    label = words[0]
    if label not in jobs:
        complain(f'Could not find service "{label}" in domain for port')
        return 113
    say(_dictionary(label, jobs[label]))
    return 0


def _dictionary(label: str, job: dict[str, Any]) -> str:
    lines = [f'"{key}" = "{job[key]}";' for key in ("StandardOutPath", "StandardErrorPath") if key in job]
    lines += ['"LimitLoadToSessionType" = "Aqua";', f'"Label" = "{label}";', '"OnDemand" = false;']
    lines.append(f'"LastExitStatus" = {_wait_status(job["last_exit"])};')
    if job["pid"]:
        lines.append(f'"PID" = {job["pid"]};')
    lines.append(f'"Program" = "{job["command"][0]}";')
    lines += ['"ProgramArguments" = (', *(f'\t"{word}";' for word in job["command"]), ");"]
    return "\n".join(["{", *(f"\t{line}" for line in lines), "};"])


def _wait_status(last_exit: int | None) -> int:
    """The raw wait status that launchctl shows: a signal's number, or the exit code times 256."""
    if last_exit is None:
        return 0
    return -last_exit if last_exit < 0 else last_exit << 8


def _load_or_unload(call: Call, command: str, words: list[str]) -> int:
    given = parse_words(words, flags=("-w", "-F"))
    for path in given.alone:
        answer = _ask(call, ask=command, path=str(Path.cwd() / path))
        if answer["ok"]:
            continue
        title = command.capitalize()
        if answer["why"] == "missing":
            complain(f"{path}: No such file or directory")
            return 1
        # As the legacy commands do: they complain and still exit 0.
        complain(f"{title} failed: 5: Input/output error")
    return 0


def _kickstart(call: Call, words: list[str]) -> int:
    given = parse_words(words, flags=("-k", "-p"))
    label = given.alone[0].rpartition("/")[2]
    answer = _ask(call, ask="kickstart", label=label, kill="-k" in given.options)
    if not answer["ok"]:
        domain = given.alone[0].rpartition("/")[0]
        complain(f'Could not find service "{label}" in domain for {domain}')
        return 113
    return 0
