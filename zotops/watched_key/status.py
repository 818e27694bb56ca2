"""What `key-status` finds: one point for each thing that has to hold, and how bad it is where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from zotops.errors import CheckFailed, Unreachable
from zotops.profile import Profile
from zotops.systems.zot_keys import Key


class Level(Enum):
    """How bad it is. UNKNOWN: it could not be told, and never counts as good."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


# What decides where several hold, the worst first.
WORST_FIRST = (Level.CRITICAL, Level.WARNING, Level.UNKNOWN, Level.OK)
# As monitoring programs take it (Monitoring Plugins Development Guidelines, "Plugin Return Codes").
MONITORING_CODES = {Level.OK: 0, Level.WARNING: 1, Level.CRITICAL: 2, Level.UNKNOWN: 3}


class KeyState(Enum):
    """What is the matter with the key that the vault holds."""

    WORKS = "works"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WRONG_PAIR = "wrong pair"
    REFUSED = "refused"
    NO_KEY = "no key"
    REGISTRY_DOWN = "registry down"
    CANNOT_TELL = "cannot tell"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One thing that has to hold. `says`: the sentence; `observed`, `likely`, `remedy` as in a check's evidence."""

    name: str
    says: str
    level: Level
    observed: str
    likely: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Dates:
    """The key's dates as far as they are known; `source` says from where."""

    expires: datetime | None = None
    due: datetime | None = None
    made: datetime | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another key of the CI user, why it is there, and whether its last use was a look of ours."""

    key: Key
    why: str
    used_by_us: bool


@dataclass(frozen=True, kw_only=True)
class KeyStatus:
    """Everything about one registry's key. `now` is the time that days are counted from; `took` in seconds.

    `looked`: the look itself moved the key's last use. `last_success`: when a look last could tell everything.
    """

    profile: Profile
    now: datetime
    by_its_clock: bool
    offline: bool
    state: KeyState
    points: tuple[Point, ...]
    not_checked: tuple[str, ...]
    dates: Dates
    key: Key | None = None
    key_id: str = ""
    label: str = ""
    others: tuple[Other, ...] = ()
    looked: bool = False
    last_success: datetime | None = None
    took: float = 0.0

    @property
    def level(self) -> Level:
        """The worst of all points."""
        return worst([point.level for point in self.points])

    @property
    def told(self) -> bool:
        """Whether everything that was asked could be told."""
        return all(point.level is not Level.UNKNOWN for point in self.points)

    @property
    def days_left(self) -> float | None:
        """Days until the key ends, negative afterwards; None when it never does, or nobody knows."""
        return days_until(self.dates.expires, self.now)


def worst(levels: Sequence[Level]) -> Level:
    """The level that decides."""
    return min(levels, key=WORST_FIRST.index, default=Level.UNKNOWN)


def exit_code(status: KeyStatus) -> int:
    """0: all is well. 1: something is wrong. 5: something could not be told, and nothing is wrong."""
    codes = {Level.OK: 0, Level.UNKNOWN: Unreachable.exit_code}
    return codes.get(status.level, CheckFailed.exit_code)


def days_until(end: datetime | None, now: datetime) -> float | None:
    """Days, with their fraction; None without an end."""
    return None if end is None else (end - now).total_seconds() / 86400


def day(when: datetime) -> str:
    """A day, for people."""
    return f"{when:%Y-%m-%d}"


def in_days(when: datetime, now: datetime) -> str:
    """How far away a moment is: whole days, rounded towards the past."""
    days = int((when - now).total_seconds() // 86400)
    return f"in {days} days" if days >= 0 else f"{-days} days ago"
