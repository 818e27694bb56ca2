"""A pytest plugin that plays each mutant of the given files against the tests that reach its line, in one process.

A mutant's code is put into the loaded function and taken out again, so neither Python nor a practice world starts anew
for each of a thousand. A red test that shares such a world with others has to be green again without the mutant; where
it is not, something was left behind in the world, and with a new one it decides again.

pytest offers no way to run a test twice; what its own runner calls is called here, and marked SLF001.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from inspect import isclass
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
Line = tuple[str, int]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutate", action="append", default=[], metavar="FILE", help="a file of the product")
    parser.addoption("--outcome", metavar="FILE", help="where the outcome is written, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--mutate"):
        config.pluginmanager.register(Trial(config), "trial")


@dataclass
class Candidate:
    """A mutant with the function that it changes, and who noticed it."""

    file: str
    mutant: Mutant
    function: FunctionType
    noticed_by: str = ""
    reached: bool = False

    @contextmanager
    def in_force(self) -> Iterator[None]:
        healthy = self.function.__code__
        self.function.__code__ = self.mutant.code
        try:
            yield
        finally:
            self.function.__code__ = healthy

    @property
    def lines(self) -> set[Line]:
        first, last = self.mutant.lines
        return {(self.file, line) for line in range(first, last + 1)}


@dataclass
class Seen:
    """What is known of a test from its run without any mutant."""

    item: pytest.Function
    seconds: float
    lines: set[Line]

    @property
    def shares_a_world(self) -> bool:
        """Whether something of it outlives the test."""
        definitions = self.item._fixtureinfo.name2fixturedefs
        return any(each[-1].scope in {"module", "session"} and each[-1].baseid for each in definitions.values())


@dataclass(eq=False)  # a plugin has to be hashable
class Trial:
    """The whole run of one child process."""

    config: pytest.Config
    candidates: list[Candidate] = field(default_factory=list)
    red: list[str] = field(default_factory=list)
    reports: list[pytest.TestReport] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        del session
        for name in self.config.getoption("--mutate"):
            path = ROOT / name
            functions = functions_of(import_module(name.removesuffix(".py").replace("/", ".")), str(path))
            for mutant in mutants_of(path):
                self.candidates.append(Candidate(str(path), mutant, functions[mutant.function]))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Iterator[None]:
        self.reports.append(report)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Play one module of tests after the other, until every mutant is noticed; its world is made twice only."""
        self.session = session
        by_module: dict[Any, list[pytest.Function]] = {}
        for item in session.items:
            assert isinstance(item, pytest.Function)
            by_module.setdefault(item.parent, []).append(item)
        for items in by_module.values():
            if not all(candidate.noticed_by for candidate in self.candidates):
                self.with_mutants(self.without_mutants(items))
        self.write()
        return True

    def without_mutants(self, items: list[pytest.Function]) -> list[Seen]:
        """Run a module's tests once, each listening to which lines it reaches; red ones are told and left out."""
        found = []
        for item in items:
            with listening({candidate.file for candidate in self.candidates}) as lines:
                began = time.monotonic()
                outcome = self.run(item)
                seconds = time.monotonic() - began
            if outcome == "passed":
                found.append(Seen(item, seconds, lines))
            elif outcome == "failed":
                self.red.append(f"{item.nodeid}: {''.join(report.longreprtext for report in self.reports)[-500:]}")
        self.make_world_anew()
        return found

    def with_mutants(self, tests: list[Seen]) -> None:
        """Play every mutant that is still unnoticed against those of a module's tests that reach it, quickest first."""
        tests = sorted(tests, key=lambda test: test.seconds)
        for candidate in self.candidates:
            reaching = [test for test in tests if test.lines & candidate.lines]
            candidate.reached |= bool(reaching)
            if not candidate.noticed_by:
                candidate.noticed_by = next((t.item.nodeid for t in reaching if self.notices(t, candidate)), "")
        self.make_world_anew()

    def notices(self, test: Seen, candidate: Candidate) -> bool:
        if self.is_green(test, candidate):
            return False
        if not test.shares_a_world or self.is_green(test):
            return True
        self.make_world_anew()
        noticed = not self.is_green(test, candidate)
        self.make_world_anew()
        return noticed

    def is_green(self, test: Seen, candidate: Candidate | None = None) -> bool:
        test.item.add_marker(pytest.mark.timeout(10 + 5 * test.seconds), append=False)
        if candidate is None:
            return self.run(test.item) == "passed"
        with candidate.in_force():
            return self.run(test.item) == "passed"

    def make_world_anew(self) -> None:
        """End what tests share; the next one that needs it begins it again."""
        self.session._setupstate.teardown_exact(None)

    def run(self, item: pytest.Function) -> str:
        """Run a test as pytest does, without an end to what it shares with the others of its module."""
        self.reports.clear()
        item._initrequest()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=item.parent)
        outcomes = {report.outcome for report in self.reports}
        return next((outcome for outcome in ("failed", "skipped") if outcome in outcomes), "passed")

    def write(self) -> None:
        rows = [
            {
                "file": str(Path(candidate.file).relative_to(ROOT)),
                "line": candidate.mutant.lines[0],
                "mutant": candidate.mutant.name,
                "noticed_by": candidate.noticed_by,
                "reached": candidate.reached,
            }
            for candidate in self.candidates
        ]
        Path(self.config.getoption("--outcome")).write_text(json.dumps({"red": self.red, "mutants": rows}, indent=1))


def functions_of(module: ModuleType, file: str) -> dict[str, FunctionType]:
    """The functions and methods that stand in that file, by their qualified names."""
    found: dict[str, FunctionType] = {}
    waiting: list[Any] = list(vars(module).values())
    for thing in waiting:
        if isclass(thing) and thing.__module__ == module.__name__:
            waiting += vars(thing).values()
        inner = [getattr(thing, name, None) for name in ("fget", "__func__", "func", "__wrapped__")]
        for function in (thing, *inner):
            if isinstance(function, FunctionType) and function.__code__.co_filename == file:
                found[function.__code__.co_qualname] = function
    return found


@contextmanager
def listening(files: set[str]) -> Iterator[set[Line]]:
    """The lines of these files that are run inside the block, in this thread and in those that it starts."""
    lines: set[Line] = set()

    def on_line(frame: FrameType, event: str, argument: object) -> Any:
        del event, argument
        lines.add((frame.f_code.co_filename, frame.f_lineno))
        return on_line

    def on_call(frame: FrameType, event: str, argument: object) -> Any:
        return on_line(frame, event, argument) if frame.f_code.co_filename in files else None

    threading.settrace(on_call)
    sys.settrace(on_call)
    try:
        yield lines
    finally:
        sys.settrace(None)
        threading.settrace(None)
