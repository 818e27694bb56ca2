"""What the stores say when a value cannot be read; any other text tells nothing of the cause."""

from __future__ import annotations

import re

_NO_FIELD = r"does not have a field|could not find field|no such (item|field)"

# The item may be there, this field of it is not.
NO_FIELD = re.compile(_NO_FIELD, re.IGNORECASE)
# The field, its item or its vault is not there, or it is not told which of several is meant.
ABSENT = re.compile(rf"isn't an item|isn't a vault|more than one item matches|{_NO_FIELD}", re.IGNORECASE)
# Locked or signed out (the facts about `op`).
LOCKED = re.compile(
    r"not (currently )?signed in|could not find session token|no accounts configured|no account found for filter"
    r"|authorization (prompt dismissed|timeout)|cannot setup session|key chain is locked",
    re.IGNORECASE,
)
NO_ANSWER = re.compile(
    r"did not end within|no answer within|connecting to desktop app timed out|context deadline exceeded", re.IGNORECASE
)


def asks_in_vain(said: str) -> bool:
    """Whether the next read would only ask a person once more who is not there, or does not want to."""
    return bool(LOCKED.search(said) or NO_ANSWER.search(said))
