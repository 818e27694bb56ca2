"""What `key-status` found, as lines for people, and as the one line of a monitoring program; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from zotops.systems.rotation import short
from zotops.systems.zot_keys import Key
from zotops.watched_key.issues import Told
from zotops.watched_key.status import WORST_FIRST, KeyStatus, Level, Other, Point, day, in_days

MARKS = {
    Level.OK: ("✓", "ok", "green"),
    Level.WARNING: ("!", "warning", "yellow"),
    Level.CRITICAL: ("✗", "CRITICAL", "red"),
    Level.UNKNOWN: ("?", "?", "yellow"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A text that hangs behind its head; the style is never all that tells."""

    head: str
    text: str = ""
    style: str = ""


def rows(status: KeyStatus, *, registry: str, symbols: bool) -> Iterator[Row]:
    """Everything: the key, then what is wrong, then what is not, then what nobody looked at."""
    profile = status.profile
    mark = "     PRACTICE" if profile.practice else ""
    yield Row(head=f"{registry}     profile {profile.name}{mark}", style="bold")
    yield Row(head="")
    yield from _about_the_key(status)
    yield Row(head="")
    for point in sorted(status.points, key=lambda point: WORST_FIRST.index(point.level)):
        yield from _about(point, symbols=symbols)
    yield Row(head="")
    for number, text in enumerate(status.not_checked):
        yield Row(head=f"  {'not checked' if number == 0 else '':<13} ", text=text)
    yield Row(head="  ", text=summary(status), style="bold")


def issue_rows(told: Sequence[Told]) -> Iterator[Row]:
    """What the forge was told."""
    for one in told:
        what = one.trouble or f"{'opened' if one.opened else 'is there already'}: {one.address}"
        yield Row(head=f"  {'issue':<13} ", text=f"{one.point}, {one.level.value}: {what}")


def _about_the_key(status: KeyStatus) -> Iterator[Row]:
    dates, now = status.dates, status.now
    facts = [
        ("key", f'..{status.key_id[-4:]} "{status.label}"' if status.key_id else status.state.value),
        ("made", day(dates.made) if dates.made else ""),
        ("ends", f"{day(dates.expires)}, {in_days(dates.expires, now)}" if dates.expires else ""),
        ("next rotation", f"{day(dates.due)}, {in_days(dates.due, now)}" if dates.due else ""),
        ("dates from", dates.source),
        ("last use", _last_use(status)),
    ]
    yield from (Row(head=f"  {name:<13} ", text=text) for name, text in facts if text)
    for other in status.others:
        yield Row(head=f"  {'also':<13} ", text=_also(other, now))
    if not status.by_its_clock:
        yield Row(head=f"  {'clock':<13} ", text="this machine's, not the registry's")


def _last_use(status: KeyStatus) -> str:
    if not status.looked or status.key is None:
        return ""
    return f"{_minute(status.key.last_used)}, by this look: listing with the key moves it"


def _also(other: Other, now: datetime) -> str:
    ends = _end(other.key, now)
    used = _minute(other.key.last_used)
    return f"{short(other.key)}, {other.why}, {ends}, last used {used}" + (", by a look of ours" * other.used_by_us)


def _end(key: Key, now: datetime) -> str:
    if key.expires is None:
        return "never ends"
    return f"{'ended' if key.expires <= now else 'ends'} {in_days(key.expires, now)}"


def _minute(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "never"


def _about(point: Point, *, symbols: bool) -> Iterator[Row]:
    mark = MARKS[point.level][0 if symbols else 1]
    style = MARKS[point.level][2]
    if point.level is Level.OK:
        yield Row(head=f"  {mark} ", text=f"{point.says}: {point.observed}", style=style)
        return
    yield Row(head=f"  {mark} ", text=point.says, style=style)
    for label, text in (("observed", point.observed), ("likely", point.likely), ("remedy", point.remedy)):
        if text:
            yield Row(head=f"      {label:<10}", text=text)


def summary(status: KeyStatus) -> str:
    """One line about all of it."""
    counts = {level: sum(point.level is level for point in status.points) for level in WORST_FIRST}
    words = ", ".join(f"{number} {level.value}" for level, number in counts.items() if number or level is Level.OK)
    how = "offline, nothing asked" if status.offline else f"{status.took:.1f} s"
    return f"{status.profile.name}: {words}. {how}."


def one_line(status: KeyStatus) -> str:
    """As monitoring programs read it: the level, what is wrong, and after a bar the numbers with their thresholds."""
    wrong = [point for point in status.points if point.level is not Level.OK]
    said = "; ".join(f"{point.says}: no, {point.observed}" for point in _worst_first(wrong))
    left = "" if status.days_left is None else f"{status.days_left:.1f} days left"
    rotation = status.profile.rotation
    numbers = f"strays={len([other for other in status.others if other.why == 'stray'])};0"
    if status.days_left is not None:
        numbers = f"days_left={status.days_left:.2f};{rotation.warning_days}:;{rotation.critical_days}: {numbers}"
    told = ", ".join(filter(None, [said, left])) or "all is well"
    # A bar or a line end would end the text (Monitoring Plugins Development Guidelines, "Plugin Output for Nagios").
    text = " ".join(told.split()).replace("|", "/")
    return f"{status.level.value.upper()}: {status.profile.name}: {text} | {numbers}"


def _worst_first(points: list[Point]) -> list[Point]:
    return sorted(points, key=lambda point: WORST_FIRST.index(point.level))
