"""`invoke check`: everything that CI runs, part by part, going on after a red one."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zotops.commands import docs
from zotops.commands.testing import install_tools, run_tests

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WRONG_USAGE = 2


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that is looked at: commands of this environment, and functions of ours; each returns 0 when green."""

    name: str
    commands: tuple[tuple[str, ...], ...] = ()
    functions: tuple[Callable[[], int], ...] = ()

    def is_green(self) -> bool:
        """Run all of it, also after a red one."""
        codes = [run(command) for command in self.commands]
        codes += [function() for function in self.functions]
        return not any(codes)


def parts(*, fix: bool) -> tuple[Part, ...]:
    """Return all parts but the tests, quickest first."""
    formatting = ("ruff", "format", "--quiet") if fix else ("ruff", "format", "--check", "--quiet")
    linting = ("ruff", "check", "--quiet", "--fix") if fix else ("ruff", "check", "--quiet")
    return (
        Part(name="format", commands=(formatting,)),
        Part(name="lint", commands=(linting,)),
        Part(name="layers", commands=(("lint-imports", "--no-cache", "--no-logo"),)),
        Part(name="dependencies", commands=(("deptry", "."),)),
        Part(name="workflows", commands=(("zizmor", "--offline", "--quiet", *workflows()),)),
        Part(name="docs", commands=(("codespell",),), functions=(docs.check, docs.build)),
        Part(name="types", commands=(("mypy",),)),
    )


def workflows() -> list[str]:
    """Return the workflow files one by one: zizmor looks into no folder but GitHub's."""
    folders = (".forgejo/workflows", "schedules/forgejo")
    return [str(path.relative_to(ROOT)) for folder in folders for path in sorted((ROOT / folder).glob("*.yaml"))]


def check(*, only: str | None, fix: bool) -> int:
    """Run all parts, or the named ones; 0 when all are green, 1 when one is red, 2 for a name that is none."""
    known = parts(fix=fix)
    names = [part.name for part in known] + ["tests"]
    wanted = only.split(",") if only else names
    if unknown := [name for name in wanted if name not in names]:
        docs.say(f"No such part: {', '.join(unknown)}. There are {', '.join(names)}.")
        return WRONG_USAGE
    install_tools()
    red = [part.name for part in known if part.name in wanted and not timed(part.name, part.is_green)]
    closing = ""
    if "tests" in wanted:
        docs.say("── tests")
        started = time.monotonic()
        code, closing = run_tests(every_case=False, only=None)
        red += ["tests"] if code else []
        docs.say(result("tests", green=not code, seconds=time.monotonic() - started))
    docs.say(f"red: {', '.join(red)}" if red else f"all green: {', '.join(wanted)}")
    if closing:
        docs.say(closing)
    return 1 if red else 0


def timed(name: str, is_green: Callable[[], bool]) -> bool:
    """Run one part between its name and its result."""
    docs.say(f"── {name}")
    started = time.monotonic()
    green = is_green()
    docs.say(result(name, green=green, seconds=time.monotonic() - started))
    return green


def result(name: str, *, green: bool, seconds: float) -> str:
    """Return the line that ends a part."""
    return f"   {name} {'green' if green else 'RED'} in {seconds:.1f} s"


def run(words: tuple[str, ...]) -> int:
    """Run a tool of this environment in the project's folder; what it prints is shown only when it is red."""
    program, *arguments = words
    done = subprocess.run(
        [BIN / program, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        docs.say(done.stdout.rstrip())
    return done.returncode
