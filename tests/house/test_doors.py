"""One door per dependency: each is imported where the design says, and nowhere else."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAB = "zotops/lab/"
TOOLS = ("zotops/commands/testing.py", "zotops/commands/docs.py", "zotops/commands/check.py")
DOORS = {
    "httpx": ("zotops/connections.py", LAB),
    "truststore": ("zotops/connections.py",),
    "cryptography": ("zotops/checks/front_of_house.py", LAB),
    "subprocess": ("zotops/doors.py", LAB, *TOOLS),
    "rich": ("zotops/screen.py",),
    "questionary": ("zotops/terminal.py",),
    "prompt_toolkit": ("zotops/terminal.py",),
    "invoke": ("tasks.py", "zotops/commands/one_task.py", "zotops/commands/docs.py"),
    "msgspec": (
        "zotops/profile.py",
        "zotops/profile_file.py",
        "zotops/journal.py",
        "zotops/runs.py",
        "zotops/reference.py",
        "zotops/commands/report.py",
        "zotops/commands/opening.py",
        "zotops/watched_key/history.py",
        "zotops/watched_key/watching.py",
        "zotops/systems/",
        LAB,
    ),
    "platformdirs": ("zotops/state_folder.py",),
    "junitparser": ("zotops/reports.py", "zotops/verify_outputs.py"),
    "prometheus_client": ("zotops/verify_outputs.py", "zotops/watched_key/outputs.py"),
    "keyring": ("zotops/secret_stores/",),
    "starlette": (LAB,),
    "uvicorn": (LAB,),
    "joserfc": (LAB,),
    "yaml": (LAB,),
    "requests": (),
    "urllib.request": (LAB,),
    "http.client": (LAB,),
    "jinja2": (LAB,),
    "asyncio": (LAB,),
    "unittest.mock": (),
}


@cache
def imports(path: Path) -> set[str]:
    """Return every module that the file imports, anywhere in it, with all its parents."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {".".join(name.split(".")[: size + 1]) for name in found for size in range(len(name.split(".")))}


def importers(dependency: str) -> list[str]:
    files = [ROOT / "tasks.py", *sorted((ROOT / "zotops").rglob("*.py"))]
    return [str(path.relative_to(ROOT)) for path in files if dependency in imports(path)]


@pytest.mark.parametrize("dependency", DOORS)
def test_it_is_imported_only_at_its_door(dependency: str) -> None:
    doors = DOORS[dependency]
    assert [name for name in importers(dependency) if not name.startswith(doors or ("nowhere",))] == []


def test_an_import_inside_a_function_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "hidden.py"
    path.write_text("def f():\n    from urllib import request\n    import rich.text\n")
    assert imports(path) == {"urllib", "urllib.request", "rich", "rich.text"}


def test_nothing_prints_but_the_terminal_and_the_lab() -> None:
    """Commands that only wire tools write to sys.stdout; ruff's T201 sees to `print`."""
    allowed = (LAB, "zotops/commands/")
    files = sorted((ROOT / "zotops").rglob("*.py"))
    writers = [str(path.relative_to(ROOT)) for path in files if "sys.stdout.write" in path.read_text(encoding="utf-8")]
    assert [name for name in writers if not name.startswith(allowed)] == []
