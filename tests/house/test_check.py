"""`invoke check`, `invoke test` and `docs.check`: parts, what is shown of them, and what makes them red."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zotops.commands.check import Part, check, parts
from zotops.commands.testing import workers

ROOT = Path(__file__).parents[2]
INVOKE = Path(sys.executable).parent / "invoke"
LAYOUT = (
    "zotops",
    "docs",
    "profiles",
    "tasks.py",
    "invoke.yaml",
    "pyproject.toml",
    "mkdocs.yml",
    "requirements-dev.lock",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the project, to be spoilt."""
    for name in LAYOUT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def invoke(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INVOKE, *words],
        cwd=cwd,
        env={**os.environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_parts_are_those_that_are_promised() -> None:
    names = {part.name for part in parts(fix=False)}
    assert names == {"format", "lint", "types", "layers", "dependencies", "docs", "workflows"}


def test_every_tool_is_in_this_environment() -> None:
    commands = [command for part in parts(fix=False) for command in part.commands]
    assert [words[0] for words in commands if not (Path(sys.executable).parent / words[0]).exists()] == []


def test_an_unknown_part_is_wrong_usage_and_the_known_ones_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(only="format,typos", fix=False) == 2
    assert "No such part: typos. There are format, lint" in capsys.readouterr().out


def test_a_red_part_shows_what_its_tool_said_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.py").write_text("import os\n")
    looked = []

    def after() -> int:
        looked.append("after")
        return 0

    part = Part(name="lint", commands=(("ruff", "check", "--isolated", str(tmp_path)),), functions=(after,))
    assert not part.is_green()
    assert looked == ["after"]
    assert "F401" in capsys.readouterr().out


def test_a_green_part_is_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Part(name="lint", commands=(("ruff", "check", "--isolated", str(tmp_path)),)).is_green()
    assert capsys.readouterr().out == ""


def test_check_names_each_part_with_its_time_and_result_and_ends_with_1_when_one_is_red(copy: Path) -> None:
    (copy / "zotops" / "ugly.py").write_text("import  os\n")
    (copy / "requirements-dev.lock").write_bytes((Path(sys.prefix) / "requirements-dev.lock").read_bytes())
    done = invoke("check", "--only", "format,workflows,layers", cwd=copy)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert [line for line in lines if line.startswith("── ")] == ["── format", "── layers", "── workflows"]
    assert any(line.startswith("   format RED in ") for line in lines)
    assert lines[-1].startswith("red: format")


def test_docs_check_is_red_on_a_changed_step_until_it_is_rendered(copy: Path) -> None:
    runbook = copy / "zotops" / "runbooks" / "deploy.py"
    before = runbook.read_text(encoding="utf-8")
    runbook.write_text(before.replace('title="Harden the registry"', 'title="Harden this registry"'), encoding="utf-8")
    red = invoke("docs.check", cwd=copy)
    assert red.returncode == 1
    assert "docs/runbooks/deploy.md differs from its definition: run `invoke docs.render`." in red.stdout
    assert "+# Harden this registry" in red.stdout
    assert invoke("docs.render", cwd=copy).returncode == 0
    assert invoke("docs.check", cwd=copy).returncode == 0


@pytest.mark.parametrize(
    ("only", "expected"), [(None, ["-n", "3"]), ("tests/lab", ["-n", "3"]), ("tests/house/test_check.py::test_x", [])]
)
def test_a_single_file_is_run_in_one_process(only: str | None, expected: list[str]) -> None:
    assert workers(only) == expected


def test_a_plain_invoke_test_has_inv_install_the_tools_when_they_are_not_those_of_the_lock(copy: Path) -> None:
    (copy / "requirements-dev.lock").write_text("another==1\n")
    (copy / "inv").write_text('#!/bin/sh\necho "inv: $*"\nexit 5\n')
    (copy / "inv").chmod(0o755)
    done = invoke("test", "--only", "tests/house", cwd=copy)
    assert (done.returncode, done.stdout) == (5, "inv: test --only tests/house\n")
