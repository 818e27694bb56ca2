"""Which programs are found, and which environment, folder and descriptors they get."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.doors.child_programs import programs, python, script
from zotops.children import operators_environment
from zotops.errors import ConfigurationIsWrong, Unreachable


def test_a_search_path_replaces_the_operators(tmp_path: Path) -> None:
    script(tmp_path, "only", "print('found')\n")
    door = programs(search_path=str(tmp_path))
    assert door.run(["only"]).out == "found\n"
    assert door.find("only") == str(tmp_path / "only")
    assert door.find("sh") is None
    with pytest.raises(Unreachable, match="`sh` is not installed"):
        door.run(["sh", "-c", "true"])


def test_a_given_environment_is_all_that_a_program_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OP_SERVICE_ACCOUNT_TOKEN", "theirs")
    text = "import json, os; print(json.dumps(list(os.environ)))"
    done = programs(search_path="/nowhere", environment={"HOME": "/nowhere"}).run(
        python(text), environment={"EXTRA": "1"}
    )
    assert set(json.loads(done.out)) - {"LC_CTYPE"} == {"EXTRA", "HOME", "PATH"}


def test_an_operators_environment_is_theirs_without_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = Path(sys.prefix) / "bin"
    monkeypatch.setenv("PATH", f"{ours}:{tmp_path}:/usr/bin:/bin")
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "ZOTOPS_STATE", "__PYVENV_LAUNCHER__"):
        monkeypatch.setenv(name, str(sys.prefix))
    monkeypatch.setenv("OP_ACCOUNT", "theirs")
    kept = operators_environment(os.environ)
    assert kept["PATH"] == f"{tmp_path}:/usr/bin:/bin"
    assert kept["OP_ACCOUNT"] == "theirs"
    assert not {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "ZOTOPS_STATE", "__PYVENV_LAUNCHER__"} & kept.keys()


def test_our_own_ansible_never_hides_theirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = Path(sys.prefix) / "bin"
    assert (ours / "ansible-playbook").exists()
    script(tmp_path, "ansible-playbook", "print('theirs')\n")
    monkeypatch.setenv("PATH", f"{ours}:{tmp_path}:/usr/bin:/bin")
    assert programs().run(["ansible-playbook", "--version"]).out == "theirs\n"


def test_programs_run_in_the_folder_that_the_profile_names(tmp_path: Path) -> None:
    done = programs(directory=str(tmp_path)).run(python("import os; print(os.getcwd())"))
    assert done.out.strip() == str(tmp_path.resolve())
    with pytest.raises(ConfigurationIsWrong, match="is no folder"):
        programs(directory=str(tmp_path / "absent")).run(python("pass"))


def test_the_runs_lock_is_inherited_but_not_by_a_vault_that_keeps_running(tmp_path: Path) -> None:
    text = "import os, sys\ntry:\n    os.fstat(int(sys.argv[1])); print('held')\nexcept OSError:\n    print('free')\n"
    script(tmp_path, "op", text)
    script(tmp_path, "other", text)
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    door = programs(search_path=str(tmp_path), inherit=[descriptor])
    assert [door.run([name, str(descriptor)]).out for name in ("op", "other")] == ["free\n", "held\n"]
    os.close(descriptor)
