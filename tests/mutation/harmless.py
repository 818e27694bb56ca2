"""The mutants that no test can notice, or need not: by file, and why."""

HARMLESS: dict[str, dict[str, str]] = {}
