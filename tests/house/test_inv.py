"""`./inv`, with stand-ins for uv and Python that say how they were called; nothing is downloaded."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

INV = Path(__file__).parents[2] / "inv"
NEEDED = ("sh", "cat", "cmp", "cp", "env", "mkdir", "mv", "printf", "rm", "sleep", "uname", "chmod", "ls", "dirname")
UNREACHABLE, MISCONFIGURED, INTERRUPTED = 5, 78, 130

# Makes what a real one makes, as far as `inv` looks at it. FAIL names a lock whose installation fails, SLOW the seconds
# that an installation takes.
UV = """#!/bin/sh
echo "uv $*" >>"$LOG"
case "$*" in
    --version) exit 0 ;;
    "venv "*)
        for venv; do :; done
        mkdir -p "$venv/bin"
        printf '#!/bin/sh\\necho "invoke: $*"; pwd; [ ! -e /proc/self/fd/9 ] || echo leaked\\n' >"$venv/bin/invoke"
        echo "exit 7" >>"$venv/bin/invoke"
        cp "$venv/bin/invoke" "$venv/bin/python"
        chmod +x "$venv/bin/"* ;;
    "pip install "*)
        sleep "${SLOW:-0}"
        case "$*" in *"${FAIL:-nothing}"*) echo "uv: cannot reach the index" >&2; exit 1 ;; esac ;;
esac
"""
# A whole Python, whose -m venv makes an environment with such a Python in it.
PYTHON = """#!/bin/sh
echo "${0##*/} $*" >>"$LOG"
case "$*" in
    "-m venv "*)
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python"
        printf '#!/bin/sh\\necho "invoke: $*"\\n' >"$3/bin/invoke"
        chmod +x "$3/bin/"* ;;
    -m*) ;;
    *) exec REAL "$@" ;;
esac
"""


class Folder:
    """A checkout with nothing but `inv` and two lock files, and a PATH of its own."""

    def __init__(self, place: Path, *, uv: bool = True, python: str | None = "python3.12") -> None:
        self.root = place / "a checkout"
        self.bin = place / "bin"
        self.log = place / "log"
        self.root.mkdir()
        self.bin.mkdir()
        shutil.copy(INV, self.root / "inv")
        self.write("requirements.lock", "one==1\n")
        self.write("requirements-dev.lock", "two==2\n")
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name) or "/missing")
        if uv:
            self.add("uv", UV)
        if python:
            self.add(python, PYTHON.replace("REAL", sys.executable))

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def add(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def start(self, *words: str, cwd: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.root / "inv", *words],
            cwd=cwd or self.root,
            env={"PATH": str(self.bin), "LOG": str(self.log), "HOME": os.environ["HOME"], **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def call(self, *words: str, cwd: Path | None = None, **variables: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        process = self.start(*words, cwd=cwd, **variables)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def calls(self, word: str) -> list[str]:
        """Return the calls so far that hold the word, and forget all of them."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line for line in lines if word in line]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_first_call_makes_the_environment_and_runs_invoke_with_all_words(folder: Folder) -> None:
    code, out, err = folder.call("deploy", "--new", "a reason", cwd=folder.bin)
    assert code == 7
    assert out == f"invoke: --search-root {folder.root} deploy --new a reason\n{folder.bin}\n"
    assert "making the environment" in err
    assert [line.split("-r ")[1] for line in folder.calls("pip install")] == [f"{folder.root}/requirements.lock"]


def test_the_second_call_starts_invoke_and_nothing_else(folder: Folder) -> None:
    folder.call("runs")
    folder.calls("")
    code, _, err = folder.call("runs")
    assert (code, err, folder.calls("")) == (7, "", [])


@pytest.mark.parametrize("command", ["test", "check"])
def test_the_tools_are_installed_only_for_the_commands_that_need_them(folder: Folder, command: str) -> None:
    folder.call("rehearse")
    assert not any("requirements-dev.lock" in line for line in folder.calls("pip install"))
    folder.call(command)
    assert [line.rpartition("/")[2] for line in folder.calls("pip install")] == ["requirements-dev.lock"]
    folder.call(command)
    assert folder.calls("") == []


def test_a_changed_lock_makes_the_environment_anew(folder: Folder) -> None:
    folder.call("runs")
    (folder.root / ".venv" / "old").touch()
    folder.write("requirements.lock", "one==2\n")
    assert folder.call("runs")[0] == 7
    assert not (folder.root / ".venv" / "old").exists()
    assert (folder.root / ".venv" / "requirements.lock").read_text() == "one==2\n"


def test_a_changed_tools_lock_keeps_the_environment(folder: Folder) -> None:
    folder.call("test")
    (folder.root / ".venv" / "old").touch()
    folder.write("requirements-dev.lock", "two==3\n")
    folder.calls("")
    folder.call("test")
    assert (folder.root / ".venv" / "old").exists()
    assert len(folder.calls("pip install")) == 1


def test_a_moved_checkout_gets_an_environment_of_its_own(folder: Folder, tmp_path: Path) -> None:
    folder.call("runs")
    folder.root = folder.root.rename(tmp_path / "moved")
    folder.calls("")
    assert folder.call("runs")[0] == 7
    assert len(folder.calls("uv venv")) == 1


def test_an_environment_whose_python_is_gone_is_made_anew(folder: Folder) -> None:
    folder.call("runs")
    python = folder.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/gone")
    folder.calls("")
    assert folder.call("runs")[0] == 7
    assert len(folder.calls("uv venv")) == 1


def test_without_uv_it_is_venv_and_pip_with_hashes(tmp_path: Path) -> None:
    folder = Folder(tmp_path, uv=False)
    code, out, _ = folder.call("runs")
    assert (code, out) == (0, f"invoke: --search-root {folder.root} runs\n")
    assert any(
        line.endswith(f"--require-hashes -r {folder.root}/requirements.lock") for line in folder.calls("-m pip install")
    )


def test_without_a_python_it_says_how_to_get_one(tmp_path: Path) -> None:
    code, out, err = Folder(tmp_path, uv=False, python=None).call("runs")
    assert (code, out) == (MISCONFIGURED, "")
    assert "no Python 3.11 or later was found. Get one with" in err


def test_an_old_python_is_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path, uv=False, python=None)
    folder.add("python3", "#!/bin/sh\nexit 1\n")
    assert folder.call("runs")[0] == MISCONFIGURED


def test_the_named_python_is_taken_and_no_other(folder: Folder) -> None:
    folder.add("mine", PYTHON.replace("REAL", sys.executable))
    folder.call("runs", ZOTOPS_PYTHON=str(folder.bin / "mine"))
    assert any(f"--python {folder.bin}/mine" in line for line in folder.calls("uv venv"))


def test_a_named_python_that_is_none_is_refused(folder: Folder) -> None:
    code, _, err = folder.call("runs", ZOTOPS_PYTHON="/no/such")
    assert code == MISCONFIGURED
    assert "ZOTOPS_PYTHON is /no/such" in err


def test_apples_placeholder_is_not_started_without_the_developer_tools(tmp_path: Path) -> None:
    folder = Folder(tmp_path, uv=False, python=None)
    (folder.bin / "uname").unlink()
    folder.add("uname", "#!/bin/sh\necho Darwin\n")
    folder.add("xcode-select", '#!/bin/sh\necho "xcode-select $*" >>"$LOG"\nexit 2\n')
    env_path = f"{folder.bin}:/usr/bin"
    if not Path("/usr/bin/python3").exists():
        pytest.skip("this machine has no /usr/bin/python3 to stand for Apple's")
    # The newer names that Debian may have beside it are hidden, so that /usr/bin/python3 is what is left.
    for name in ("python3.14", "python3.13", "python3.12", "python3.11", "python"):
        folder.add(name, "#!/bin/sh\nexit 1\n")
    assert folder.call("runs", PATH=env_path)[0] == MISCONFIGURED
    assert folder.calls("xcode-select") == ["xcode-select -p"]


def test_a_failed_download_is_told_and_tried_again(folder: Folder) -> None:
    code, out, err = folder.call("runs", FAIL="requirements.lock")
    assert (code, out) == (UNREACHABLE, "")
    assert "cannot reach the index" in err
    assert "could not install what requirements.lock lists" in err
    assert folder.call("runs")[0] == 7


def test_failed_tools_are_tried_again(folder: Folder) -> None:
    assert folder.call("check", FAIL="requirements-dev.lock")[0] == UNREACHABLE
    folder.calls("")
    assert folder.call("check")[0] == 7
    assert len(folder.calls("pip install")) == 1


def test_two_first_calls_make_one_environment(folder: Folder) -> None:
    both = [folder.start("runs", SLOW="0.5") for _ in range(2)]
    ends = [process.communicate(timeout=30) for process in both]
    assert [process.returncode for process in both] == [7, 7]
    assert sum("making the environment in .venv" in err for _, err in ends) == 1
    assert sum("waiting for another call" in err for _, err in ends) == 1
    assert len(folder.calls("uv venv")) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_call_that_was_ended_half_way_leaves_nothing_that_counts_as_ready(folder: Folder, number: int) -> None:
    process = folder.start("runs", SLOW="5")
    wait_for(folder.root / ".venv" / "bin" / "python")
    os.killpg(process.pid, number)
    process.communicate(timeout=30)
    assert process.returncode in {INTERRUPTED, -number}
    folder.calls("")
    assert folder.call("runs")[0] == 7
    assert len(folder.calls("uv venv")) == 1


def test_it_adds_at_most_ten_milliseconds(folder: Folder) -> None:
    folder.call("runs")
    invoke = folder.root / ".venv" / "bin" / "invoke"

    def quickest(program: Path) -> float:
        return min(seconds(program, folder) for _ in range(15))

    assert quickest(folder.root / "inv") - quickest(invoke) < 0.010


def seconds(program: Path, folder: Folder) -> float:
    started = time.perf_counter()
    subprocess.run([program, "runs"], cwd=folder.root, capture_output=True, check=False)
    return time.perf_counter() - started


def wait_for(path: Path) -> None:
    ends = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < ends, f"{path} never came"
        time.sleep(0.01)
