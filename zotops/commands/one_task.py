"""How Invoke runs a command here: exactly one a call, whose number becomes the exit code."""

import sys
from typing import Any

from invoke.exceptions import Exit
from invoke.executor import Executor

WRONG_USAGE = 2
INTERRUPTED = 130


class OneTask(Executor):
    """Named in invoke.yaml, so that `./inv` and a plain `invoke` behave alike."""

    def execute(self, *tasks: Any) -> Any:
        """
        Run the one task of this call.

        Invoke would run the second word of `rehearse rotate-key` as a task of its own, and its `--dry` would print
        commands instead of running them while everything around them still happened: both are refused before anything
        starts.
        """
        names = [str(task.name) for task in tasks]
        if len(names) > 1:
            raise Exit(f"One command a call, not {len(names)}: {', '.join(names)}. Call each by itself.", WRONG_USAGE)
        if self.config.run.dry:
            raise Exit(
                "--dry is Invoke's own and would only look as if nothing happened: use --dry-run after the command.",
                WRONG_USAGE,
            )
        # Invoke keeps Python from caching compiled modules; a command of ours has many, and starts quicker with them.
        sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
        try:
            results = super().execute(*tasks)
        except KeyboardInterrupt:
            raise Exit(code=INTERRUPTED) from None
        code: Any = next(iter(results.values()), 0)
        if code:
            raise Exit(code=code)
        return results
