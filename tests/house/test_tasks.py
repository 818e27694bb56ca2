"""The commands as they are typed: names, options, refusals, exit codes."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.parser.argument import Argument

import tasks
from tests import needs

ROOT = Path(__file__).parents[2]
INVOKE = Path(sys.executable).parent / "invoke"
CACHING = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
NAMES = {
    "check",
    "deploy",
    "rotate-key",
    "docs.build",
    "docs.check",
    "docs.render",
    "docs.serve",
    "doctor",
    "key-status",
    "lab",
    "rehearse",
    "report",
    "runs",
    "test",
    "verify",
}
# What only some commands need, and what would make each start slow.
HEAVY = {"rich", "questionary", "httpx", "msgspec", "starlette", "prompt_toolkit", "mkdocs", "pytest", "zotops"}

CODES = """
from invoke.collection import Collection
from invoke.tasks import task

def ending(name, end):
    def body(_context):
        print(name, "ran")
        return end()
    return task(body, name=name)

def interrupt():
    raise KeyboardInterrupt

namespace = Collection(
    ending("done", lambda: 0),
    ending("nothing", lambda: None),
    ending("waiting", lambda: 3),
    ending("interrupted", interrupt),
)
"""


def invoke(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INVOKE, *words],
        cwd=cwd,
        env={**CACHING, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with our invoke.yaml and tasks that only end."""
    shutil.copy(ROOT / "invoke.yaml", tmp_path)
    (tmp_path / "tasks.py").write_text(CODES)
    return tmp_path


def test_the_commands_are_those_of_the_design() -> None:
    assert set(tasks.namespace.task_names) == NAMES


def arguments() -> list[tuple[str, Argument]]:
    namespace: Collection = tasks.namespace
    return [(name, argument) for name in sorted(NAMES) for argument in namespace[name].get_arguments()]


@pytest.mark.parametrize(("name", "argument"), arguments(), ids=lambda value: getattr(value, "name", value))
def test_every_option_has_a_help_text_a_long_name_and_no_position(name: str, argument: Argument) -> None:
    assert argument.help, name
    assert not argument.positional
    assert all(len(spelling) > 1 for spelling in argument.names)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_command_says_what_it_does(name: str) -> None:
    assert (tasks.namespace[name].__doc__ or "").endswith(".")


@pytest.mark.parametrize(
    "words",
    [("done", "nothing"), ("done", "done"), ("--dry", "done"), ("done", "--dry"), ("done", "-R")],
    ids=" ".join,
)
def test_more_than_one_command_and_invokes_own_dry_are_refused_before_anything_starts(
    project: Path, words: tuple[str, ...]
) -> None:
    done = invoke(*words, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "One command a call" in done.stderr or "use --dry-run after the command" in done.stderr


@pytest.mark.parametrize(("name", "code"), [("done", 0), ("nothing", 0), ("waiting", 3), ("interrupted", 130)])
def test_what_a_command_returns_is_the_exit_code(project: Path, name: str, code: int) -> None:
    done = invoke(name, cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (code, f"{name} ran\n", "")


def test_what_a_command_loads_is_compiled_once(project: Path) -> None:
    (project / "loaded.py").write_text("")
    (project / "tasks.py").write_text(CODES.replace("lambda: 0", "lambda: bool(__import__('loaded')) - 1"))
    assert invoke("done", cwd=project).returncode == 0
    assert list((project / "__pycache__").glob("loaded.*.pyc"))


def test_a_word_that_invoke_cannot_parse_is_its_own_exit_1() -> None:
    assert invoke("deploy", "--no-such-option").returncode == 1


def test_the_list_of_commands_loads_nothing_that_only_a_command_needs() -> None:
    code = f"import sys, tasks; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_mise_task_names_a_command_and_leaves_it_the_terminal_and_the_callers_folder() -> None:
    mise = tomllib.loads((ROOT / ".mise.toml").read_text())
    for task in mise["tasks"].values():
        words = task["run"].split()
        assert words[0] == '"{{config_root}}/inv"'
        assert words[1] in NAMES
        assert (task["raw"], task["dir"]) == (True, "{{cwd}}")


@needs.program("mise")
def test_mise_passes_arguments_exit_code_and_folder_through(tmp_path: Path) -> None:
    below = tmp_path / "a folder" / "below"
    below.mkdir(parents=True)
    shutil.copy(ROOT / ".mise.toml", below.parent)
    (below.parent / "inv").write_text('#!/bin/sh\nfor word; do echo "[$word]"; done\npwd\nexit 7\n')
    (below.parent / "inv").chmod(0o755)
    done = subprocess.run(
        ["mise", "run", "zot:deploy", "--", "--new", "a reason", "--dry-run"],
        cwd=below,
        env={**os.environ, "MISE_TRUSTED_CONFIG_PATHS": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"[deploy]\n[--new]\n[a reason]\n[--dry-run]\n{below}\n"
    assert done.returncode == 7
