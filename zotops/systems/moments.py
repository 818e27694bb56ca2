"""Times and days as programs and people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time


def moment(text: str) -> datetime | None:
    """A time in ISO 8601 with its zone, or a date, which is the start of that day in UTC; None for anything else."""
    try:
        found = _day(text.strip()) or datetime.fromisoformat(text.strip())
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC)
    except ValueError:
        return None
