"""`ps -o etime= -p PID`, for machines without a ps; read from /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

from zotops.lab.executables.call import Call, NotImplementedHere, parse_words, say


def main(call: Call) -> int:
    """Print how long the process has run as [[days-]hours:]minutes:seconds; exit 1 when there is none."""
    given = parse_words(call.words, values=("-o", "-p"))
    if given.options.get("-o") != "etime=" or not given.options.get("-p", "").isdigit() or given.alone:
        raise NotImplementedHere(" ".join(call.words))
    try:
        stat = Path(f"/proc/{given.options['-p']}/stat").read_text()
    except OSError:
        return 1
    ticks = int(stat.rpartition(")")[2].split()[19])
    say(as_etime(int(time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))))
    return 0


def as_etime(seconds: int) -> str:
    """Seconds as ps writes them (POSIX, ps, etime)."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}-{hour:02}:{minute:02}:{second:02}".rjust(11)
    return (f"{hour:02}:{minute:02}:{second:02}" if hour else f"{minute:02}:{second:02}").rjust(11)
