"""Durations as Go writes them: `1h30m`, `500ms`; a bare number is nanoseconds."""

import re
from typing import Any

SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
ONE = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"


def parse_span(value: Any) -> float:
    """Seconds; ValueError when it is no duration (https://pkg.go.dev/time#ParseDuration)."""
    if isinstance(value, bool):
        raise ValueError(f"invalid duration {value}")
    if isinstance(value, int | float):
        return value * 1e-9
    if not isinstance(value, str):
        raise ValueError(f"invalid duration {value!r}")
    sign, rest = (-1, value[1:]) if value.startswith("-") else (1, value.removeprefix("+"))
    if rest == "0":
        return 0.0
    if not re.fullmatch(f"(?:{ONE})+", rest):
        raise ValueError(f'time: invalid duration "{value}"')
    return sign * sum(float(number) * SECONDS[unit] for number, unit in re.findall(ONE, rest))
