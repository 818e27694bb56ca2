"""Starts one stand-in: `python -ESs start.py PROGRAM ARGUMENTS…`; records the call, then runs the program's module."""

import sys
from importlib import import_module
from pathlib import Path

# A script without site-packages starts fastest, and stand-ins start by the hundred; so the path is set by hand.
sys.path[0] = str(Path(__file__).resolve().parents[3])


def main(words: list[str]) -> int:
    """Run the program named by the first word; what it does not know is said plainly, with exit code 64."""
    # Found only by the line above.
    from zotops.lab.answers import kept_of_program
    from zotops.lab.executables.call import NotImplementedHere, call_of

    program = words[0]
    call = call_of(program, words[1:])
    call.record()
    try:
        run = import_module(f"zotops.lab.executables.{program}").main
        exit_code = kept_of_program(call.folder, program, words[1:], lambda: int(run(call)))
    except NotImplementedHere as problem:
        sys.stderr.write(f"{program}: {problem}: not implemented by the practice world\n")
        exit_code = 64
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
