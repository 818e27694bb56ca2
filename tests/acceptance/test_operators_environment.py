"""What of an operator's environment reaches a run and its children, and who holds the lock meanwhile."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.acceptance.desk import INVOKE, ROOT, Desk, Done

LOCKED = 6
OPERATORS_OWN = {
    "OP_SESSION_practice": "operators-own-1",
    "OP_SERVICE_ACCOUNT_TOKEN": "operators-own-2",
    "ARGOCD_AUTH_TOKEN": "operators-own-3",
    "KUBECONFIG": "operators-own-4",
    "SSH_AUTH_SOCK": "operators-own-5",
    "ANSIBLE_CONFIG": "operators-own-6",
    "DOCKER_CONFIG": "operators-own-7",
}


@dataclass(frozen=True)
class Pair:
    """A run in an operator's full environment, and a second call while the first one worked."""

    first: Done
    second: Done
    calls: list[dict[str, object]]
    trapped: list[str]


@pytest.fixture(scope="module")
def pair(hardened: Desk, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    place = tmp_path_factory.mktemp("pair")
    traps = set_traps(place / "traps", "ansible-playbook", "argocd", "git", "kubectl", "mise", "op", "ssh", "docker")
    path = {"PATH": f"{traps}:{os.environ['PATH']}"}
    desk = replace(hardened, folder=place, more={**OPERATORS_OWN, **path, "HTTP_PROXY": "http://127.0.0.1:9"})
    before = len(desk.calls())
    with desk.start("--auto", "--until", "review-zot-change") as run:
        until = time.monotonic() + 60
        while not desk.journals() and run.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        second = desk.deploy("--auto")
        out, err = run.communicate(timeout=90)
    trapped = [path.name for path in traps.glob("*.called")]
    return Pair(Done(run.returncode, out, err), second, desk.calls()[before:], trapped)


def set_traps(folder: Path, *names: str) -> Path:
    """Programs that must not be called: each leaves a file behind."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\n: > {folder}/{name}.called\nexit 1\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_second_run_at_the_same_time_is_refused_and_told_whose_the_first_is(pair: Pair) -> None:
    assert pair.second.code == LOCKED
    assert "this registry is being worked on by run of deploy by" in pair.second.err
    assert pair.first.code == 0, pair.first.err


def test_a_child_in_a_practice_world_sees_nothing_of_the_operators_environment(pair: Pair) -> None:
    assert {call["program"] for call in pair.calls} >= {"ansible-playbook", "argocd", "git", "mise", "op", "ssh"}
    text = json.dumps(pair.calls)
    assert [name for name, value in OPERATORS_OWN.items() if name in text or value in text] == []
    assert "HTTP_PROXY" not in text


def test_a_practice_world_calls_no_program_of_the_operator(pair: Pair) -> None:
    assert pair.trapped == []


def test_a_production_profile_runs_the_operators_programs_and_none_of_ours(
    before_hardened: Desk, tmp_path: Path
) -> None:
    venv = own_environment(tmp_path / "venv")
    traps = set_traps(venv / "bin", "ansible-playbook")
    tools = operators_tools(tmp_path / "tools", before_hardened)
    python = str(venv / "bin" / "python")
    seen = len(before_hardened.calls())
    desk = replace(
        before_hardened,
        command=(python, "-m", "invoke", *INVOKE[1:]),
        more={"PATH": f"{traps}:{tools}:/usr/bin:/bin", "VIRTUAL_ENV": str(venv), "PYTHONPATH": str(ROOT)}
        | {"LC_ALL": "C.UTF-8", "HOME": str(before_hardened.root / "home")},
    )
    done = desk.deploy("--auto", "--until", "review-zot-change", profile=production_profile(before_hardened))
    assert done.code == 0, done.out[-2000:] + done.err
    assert not (traps / "ansible-playbook.called").exists()
    play = next(call for call in desk.calls()[seen:] if call["program"] == "ansible-playbook")
    assert str(traps) not in play["env"]["PATH"].split(":")
    assert not [name for name in play["env"] if name == "VIRTUAL_ENV" or name.startswith("PYTHON")]


def own_environment(folder: Path) -> Path:
    """An environment like ours, in which a trap may lie: same interpreter, same packages."""
    ours = Path(sys.prefix)
    (folder / "bin").mkdir(parents=True)
    shutil.copy(ours / "pyvenv.cfg", folder)
    (folder / "lib").symlink_to(ours / "lib")
    (folder / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
    said = subprocess.run(
        [folder / "bin" / "python", "-c", "import sys, invoke; print(sys.prefix)"], capture_output=True, check=True
    )
    assert said.stdout.decode().strip() == str(folder)
    return folder


def operators_tools(folder: Path, desk: Desk) -> Path:
    """The practice world's programs as an operator would have them: on the PATH, in need of nothing from us."""
    folder.mkdir()
    for name in ("ansible-playbook", "argocd", "curl", "git", "kubectl", "launchctl", "mise", "op", "ps", "ssh"):
        program = desk.root / "bin" / name
        (folder / name).write_text(f'#!/bin/sh\nZOTOPS_LAB_WORLD={desk.root} exec {program} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def production_profile(desk: Desk) -> Path:
    """The world's profile without what makes its children see only the world."""
    lines = desk.profile.read_text().splitlines()
    start = lines.index("[programs.environment]")
    end = next(n for n in range(start + 1, len(lines)) if lines[n].startswith("["))
    left = [line for line in lines[:start] + lines[end:] if not line.startswith(("search_path", "practice"))]
    path = desk.folder / "production.toml"
    path.write_text("\n".join(left) + "\n")
    return path
