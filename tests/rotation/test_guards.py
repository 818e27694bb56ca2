"""Does each window's test turn red when that which keeps the window shut is taken out of the product?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rotation.guards import Cut, Guard
from tests.rotation.guards_new_key import NEW_KEY
from tests.rotation.guards_old_key import OLD_KEY
from tests.rotation.place import LONGEST, ROOT

COPIED = ("zotops", "tests", "profiles", "pyproject.toml", "tasks.py")
GUARDS = (*NEW_KEY, *OLD_KEY)
GREEN, RED = 0, 1


def copy_of_the_product(folder: Path) -> Path:
    """The product and its tests, as another checkout of them: its children are started from there, too."""
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def without(cut: Cut, product: Path) -> str:
    """The file's source without that guard."""
    source = (product / "zotops" / cut.file).read_text()
    assert source.count(cut.text) == 1, f"not once in {cut.file}: {cut.text}"
    return source.replace(cut.text, cut.instead)


def tried(product: Path, test: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """That test of the copy, run in the copy."""
    words = [sys.executable, "-m", "pytest", "-vv", "--tb=short", "--show-capture=no", "--every-case"]
    words += ["-p", "no:xdist", "-p", "no:cacheprovider", "-o", "tmp_path_retention_policy=none"]
    words += [f"--basetemp={folder}", f"tests/rotation/{test}"]
    return subprocess.run(
        words,
        cwd=product,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=3 * LONGEST,  # the test itself has 2 * LONGEST, and then says where it hangs
        check=False,
    )


@pytest.mark.timeout(3 * LONGEST + 30)
@pytest.mark.costly("windows")
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.window}: {guard.keeps}")
def test_without_its_guard_the_windows_test_is_red_and_says_what_is_wrong(guard: Guard, tmp_path: Path) -> None:
    product = copy_of_the_product(tmp_path / "product")
    for cut in guard.cuts:
        (product / "zotops" / cut.file).write_text(without(cut, product))
    done = tried(product, guard.test, tmp_path / "tmp")
    assert done.returncode == RED, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert guard.red in done.stdout, done.stdout


@pytest.mark.timeout(3 * LONGEST + 30)
@pytest.mark.costly("windows")
def test_with_all_its_guards_a_copy_is_green(tmp_path: Path) -> None:
    product = copy_of_the_product(tmp_path / "product")
    done = tried(product, GUARDS[0].test, tmp_path / "tmp")
    assert (done.returncode, "1 passed" in done.stdout) == (GREEN, True), done.stdout + done.stderr


def test_every_window_has_a_guard_that_stands_in_the_source() -> None:
    assert {guard.window for guard in GUARDS} == set(range(1, 20))
    for guard in GUARDS:
        for cut in guard.cuts:
            compile(without(cut, ROOT), cut.file, "exec")


def test_every_guard_names_a_test_that_is_there() -> None:
    words = ("-p", "no:xdist", "-p", "no:cacheprovider", "--every-case", "--collect-only", "-q")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *sorted({f"tests/rotation/{guard.test}" for guard in GUARDS})],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == GREEN, done.stdout + done.stderr
