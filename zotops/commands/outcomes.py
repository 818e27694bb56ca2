"""Turns what ended a command into its exit code and its last words; the one place that does."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

from zotops.errors import Interrupted, Stop
from zotops.redaction import printable


def outcome(command: Callable[[], int]) -> int:
    """Run it; a Stop becomes its text on stderr and its exit code.

    SIGTERM and a closed terminal are taken as Ctrl-C: children are ended, and the run can be resumed. What nohup has
    made to be ignored stays ignored.
    """
    listening = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _interrupted) for number in listening}
    try:
        return command()
    except Stop as stop:
        tell_stop(stop)
        return stop.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return Interrupted.exit_code
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def tell_stop(stop: Stop) -> None:
    """The reason on stderr: what, and under it the remedy; a server's words may be in both."""
    sys.stderr.write(printable(f"\nzotops: {stop.what}\n", keep="\n"))
    if stop.remedy:
        sys.stderr.write(printable(f"  remedy  {stop.remedy}\n", keep="\n"))
