"""`mise run TASK`: runs the checkout's task script, as mise's file tasks do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from zotops.lab.executables.call import Call, NotImplementedHere, complain, say

VERSION = "2026.9.15 practice-x64 (2026-09-20)"


def main(call: Call) -> int:
    """Answer as `mise` does: header to standard error, output untouched, the script's exit code passed on."""
    words = list(call.words)
    if words in (["--version"], ["version"], ["-V"]):
        say(VERSION)
        return 0
    folder = Path.cwd()
    if words[:1] in (["-C"], ["--cd"]) and len(words) > 1:
        folder = Path(words[1]).resolve()
        words = words[2:]
    if words[:1] not in (["run"], ["r"]):
        raise NotImplementedHere(" ".join(words[:1]) or "no command")
    return _run(call, folder, words[1:])


def _run(call: Call, folder: Path, words: list[str]) -> int:
    if words[:1] == ["--skip-tools"]:
        words = words[1:]
    if not words or words[0].startswith("-"):
        raise NotImplementedHere("run " + " ".join(words[:1]))
    task, *arguments = words
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    project = next((each for each in (folder, *folder.parents) if (each / "mise.toml").exists()), None)
    if project is None:
        complain(f"mise ERROR no tasks defined in {folder}. Are you in a project directory?")
        return 1
    script = project / "mise-tasks" / task
    if not script.is_file() or not os.access(script, os.X_OK):
        complain(f"mise ERROR no task {task} found")
        return 1
    complain(" ".join([f"[{task}] $ {script}", *arguments]))
    exit_code = subprocess.run([script, *arguments], cwd=project, env=dict(call.environment), check=False).returncode
    if exit_code:
        complain(f"[{task}] ERROR task failed")
    return exit_code if exit_code >= 0 else 128 - exit_code
