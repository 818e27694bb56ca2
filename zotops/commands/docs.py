"""`invoke docs.render`, `docs.check`, `docs.build` and `docs.serve`: the generated pages and the site."""

import difflib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from zotops import reference
from zotops.reference import Command, Option

ROOT = Path(__file__).parents[2]
FAULT_TEXTS = ("name", "wrong", "noticed", "check", "remedy")
# Material prints a notice about MkDocs 2 into every build; MkDocs is pinned below 2.
QUIET = {"NO_MKDOCS_2_WARNING": "1"}


def render_all(root: Path) -> dict[Path, str]:
    """Return every generated page: its path below `root`, and the Markdown it should hold."""
    from zotops import matrix_page, pages
    from zotops.lab.faults import FAULTS
    from zotops.profile_file import read_profile
    from zotops.runbooks import RUNBOOKS

    docs = root / "docs"
    reader = read_profile(docs / "example.toml")
    entries = [reference.FaultEntry(**{name: getattr(fault, name) for name in FAULT_TEXTS}) for fault in FAULTS]
    return {
        **{docs / "runbooks" / f"{name}.md": pages.page(runbook(reader), name) for name, runbook in RUNBOOKS.items()},
        docs / "reference" / "commands.md": reference.commands_page(commands_of(root)),
        docs / "reference" / "profile.md": reference.profile_page((docs / "example.toml").read_text(encoding="utf-8")),
        docs / "reference" / "exit-codes.md": reference.exit_codes_page(),
        docs / "reference" / "verify.md": matrix_page.page(reader),
        docs / "faults.md": reference.faults_page(entries),
    }


def commands_of(root: Path) -> list[Command]:
    """Return every command of tasks.py with its options, as Invoke itself knows them."""
    from invoke.collection import Collection
    from invoke.loader import FilesystemLoader

    module, _ = FilesystemLoader(start=str(root)).load("tasks")
    tasks = Collection.from_module(module)
    return [_command(name, tasks[name]) for name in sorted(tasks.task_names)]


def _command(name: str, task: Any) -> Command:
    options = [
        Option(flag=f"--{argument.names[0]}" + ("" if argument.kind is bool else "=..."), help=argument.help or "")
        for argument in task.get_arguments()
    ]
    return Command(name=name, help=(task.__doc__ or "").strip(), options=options)


def render() -> int:
    """Write what differs; 0."""
    for path, text in stale_pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        say(f"written: {path.relative_to(ROOT)}")
    return 0


def check() -> int:
    """Show how each page differs from its definition; 1 when one does."""
    stale = stale_pages()
    for path, text in stale.items():
        name = str(path.relative_to(ROOT))
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        sys.stdout.writelines(
            difflib.unified_diff(present.splitlines(True), text.splitlines(True), name, f"{name} as defined")
        )
        say(f"{name} differs from its definition: run `invoke docs.render`.")
    return 1 if stale else 0


def stale_pages() -> dict[Path, str]:
    """Return the pages whose file is missing or says something else."""
    return {
        path: text
        for path, text in render_all(ROOT).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def build() -> int:
    """Build the site into site/; 1 when MkDocs warns or fails."""
    return mkdocs("build", "--strict", "--quiet")


def serve(*, port: int) -> int:
    """Serve the site on loopback until Ctrl-C."""
    say(f"http://127.0.0.1:{port}/ until Ctrl-C")
    return mkdocs("serve", "--strict", "--dev-addr", f"127.0.0.1:{port}")


def mkdocs(*words: str) -> int:
    """Run MkDocs of this environment in the project's folder; 0, or 1 when it failed."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **QUIET},
        check=False,
    )
    return 1 if done.returncode else 0


def say(line: str) -> None:
    """Print one line of ours."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
