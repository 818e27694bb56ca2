"""Times as Go writes and reads them: RFC 3339 with up to nine digits of a second."""

import re
import time
from datetime import UTC, datetime, timedelta

NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time: no expiry, no use."""
FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
NANO = 1_000_000_000


def now() -> str:
    """The moment in UTC."""
    seconds, nanoseconds = divmod(time.time_ns(), NANO)
    return _written(datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S"), f"{nanoseconds:09d}", "Z")


def http_date(*, ahead: float = 0) -> str:
    """The moment so many seconds ahead, as HTTP's headers write it (RFC 9110 section 5.6.7)."""
    return f"{datetime.now(UTC) + timedelta(seconds=ahead):%a, %d %b %Y %H:%M:%S} GMT"


def normal(moment: str) -> str:
    """The time as Go gives it back: no zeros at the end of a fraction, `Z` for no offset; ValueError if it is none."""
    match = FORM.fullmatch(moment)
    if not match:
        raise ValueError(f"{moment!r} is no time with an offset")
    datetime.fromisoformat(match[1] + "+00:00")
    datetime.fromisoformat("2000-01-01T00:00:00" + match[3])
    return _written(match[1], match[2] or "", "Z" if match[3] in {"+00:00", "-00:00"} else match[3])


def is_past(moment: str) -> bool:
    """Whether the time is over."""
    match = FORM.fullmatch(moment)
    if not match:
        return True
    # Python reads six digits of the nine; the rest decides nothing here
    fraction = (match[2] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{match[1]}.{fraction}{match[3]}") < datetime.now(UTC)
    except OverflowError:
        return match[1] < "1000"


def _written(seconds: str, fraction: str, offset: str) -> str:
    digits = fraction.rstrip("0")
    return f"{seconds}.{digits}{offset}" if digits else f"{seconds}{offset}"
