import shutil
from pathlib import Path

import pytest

from tests import needs
from tests.lab.practice_world import Done, Practice, laid_out


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    made = laid_out(tmp_path_factory.mktemp("mise") / "world")
    script = made.root / "checkout" / "mise-tasks" / "echo-args"
    script.write_text('#!/bin/sh\npwd\nprintf "<%s>" "$@"\nexit 4\n')
    script.chmod(0o755)
    return made


@pytest.mark.parametrize("between", [(), ("--",)])
def test_arguments_reach_the_script_unchanged_and_its_exit_code_comes_back(
    practice: Practice, between: tuple[str, ...]
) -> None:
    done = practice.run("mise", "-C", "checkout", "run", "echo-args", *between, "--dry-run", "-n", "a b")
    checkout = practice.root / "checkout"
    assert (done.code, done.out) == (4, f"{checkout}\n<--dry-run><-n><a b>")
    header, last = done.err.splitlines()
    assert header == f"[echo-args] $ {checkout}/mise-tasks/echo-args --dry-run -n a b"
    assert last == "[echo-args] ERROR task failed"


def test_an_unknown_task_and_a_place_without_tasks_exit_1(practice: Practice) -> None:
    assert practice.run("mise", "-C", "checkout", "run", "gone") == Done(1, "", "mise ERROR no task gone found\n")
    outside = practice.run("mise", "-C", "home", "run", "echo-args")
    assert outside.code == 1
    assert outside.err.startswith(f"mise ERROR no tasks defined in {practice.root}/home")


def test_a_task_is_found_from_a_folder_below(practice: Practice) -> None:
    assert practice.run("mise", "-C", "checkout/ansible/roles", "run", "echo-args").code == 4


def test_it_tells_a_version(practice: Practice) -> None:
    done = practice.run("mise", "--version")
    assert done.code == 0
    assert done.out.startswith("2026.")


@pytest.mark.parametrize("words", [("install",), ("run", "--dry-run", "echo-args"), ()])
def test_what_the_practice_world_leaves_out_is_said(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("mise", *words)
    assert done.code == 64
    assert "not implemented by the practice world" in done.err


@needs.program("mise")
def test_a_real_mise_passes_arguments_and_exit_codes_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOTOPS_LAB_MISE", str(shutil.which("mise")))
    practice = laid_out(tmp_path / "world")
    script = practice.root / "checkout" / "mise-tasks" / "echo-args"
    script.write_text('#!/bin/sh\nprintf "<%s>" "$@"\nexit 4\n')
    script.chmod(0o755)
    done = practice.run("mise", "-C", "checkout", "run", "echo-args", "--", "--tags", "a b")
    assert (done.code, done.out) == (4, "<--tags><a b>")
    assert practice.calls("mise")[-1]["argv"] == ["-C", "checkout", "run", "echo-args", "--", "--tags", "a b"]
