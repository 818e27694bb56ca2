"""Real child processes: what goes in, what comes out, and when."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.doors.child_programs import programs, python
from zotops.doors import RealPrograms
from zotops.errors import Unreachable
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.world import Secret

CANARY = "correct horse battery staple"


def test_a_program_runs_to_its_end() -> None:
    done = programs().run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))
    assert (done.code, done.out, done.err) == (3, "out\n", "err\n")


def test_an_absent_program_is_named_with_its_remedy() -> None:
    with pytest.raises(Unreachable, match=r"`no-such-program` is not installed: install no-such-program"):
        programs().run(["no-such-program"])


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("#!/no/such/interpreter\n")
    (tmp_path / "odd").chmod(0o755)
    with pytest.raises(Unreachable, match="odd` cannot be started: No such file"):
        programs(search_path=str(tmp_path)).run(["odd"])


def test_without_input_its_stdin_is_empty() -> None:
    assert programs().run(python("import sys; print(repr(sys.stdin.read()))")).out == "''\n"


def test_input_comes_through_a_pipe_and_not_by_argument() -> None:
    text = "import os, stat, sys; print(stat.S_ISFIFO(os.fstat(0).st_mode), sys.stdin.read(), len(sys.argv))"
    assert programs().run(python(text), stdin=Secret(CANARY)).out == f"True {CANARY} 1\n"


def test_much_input_and_much_output_do_not_block_each_other() -> None:
    text = "import sys; data = sys.stdin.read(); sys.stderr.write(data); sys.stdout.write(data)"
    done = programs().run(python(text), stdin=Secret("x" * 3_000_000))
    assert (len(done.out), len(done.err)) == (3_000_000, 3_000_000)


def test_a_program_that_does_not_read_its_input_may_end() -> None:
    assert programs().run(python("pass"), stdin=Secret("x" * 3_000_000)).code == 0


def test_lines_come_one_by_one_and_redacted_while_the_program_still_runs() -> None:
    redactor = Redactor()
    redactor.register(Secret(CANARY))
    seen: list[tuple[str, float]] = []
    text = f"import time; print('first', flush=True); time.sleep(0.5); print('key {CANARY}\\r\\nlast ä', end='')"
    done = RealPrograms(redactor).run(python(text), on_line=lambda line: seen.append((line, time.monotonic())))
    assert [line for line, _ in seen] == ["first", f"key {PLACEHOLDER}", "last ä"]
    assert seen[1][1] - seen[0][1] > 0.3
    assert CANARY in done.out


def test_a_silent_program_that_speaks_at_its_very_end_is_heard() -> None:
    assert programs().run(python("import time; time.sleep(0.8); print('end')")).out == "end\n"


def test_a_slow_listener_misses_nothing() -> None:
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        time.sleep(0.7 if line == "first" else 0.0)

    text = "import os, time; print('first', flush=True); time.sleep(0.2); os.write(1, b'last'); os._exit(0)"
    assert programs().run(python(text), on_line=on_line).out == "first\nlast"
    assert seen == ["first", "last"]
