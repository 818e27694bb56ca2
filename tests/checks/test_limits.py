"""An address that does not answer is not asked for ever."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from zotops.checks.limits import ENOUGH, Limited
from zotops.errors import Unreachable
from zotops.world import Reply


@dataclass
class Silent:
    """A door behind which nobody answers."""

    seen: list[str] = field(default_factory=list)

    def send(self, method: str, url: str, **given: Any) -> Reply:
        """As Http.send."""
        del given
        self.seen.append(f"{method} {url}")
        raise Unreachable(f"no answer from {url}")


def test_an_address_that_is_silent_is_given_up_and_no_other() -> None:
    silent = Silent()
    limited = Limited(http=silent, within=1.0)
    for _ in range(ENOUGH + 5):
        with pytest.raises(Unreachable, match="no answer from"):
            limited.send("GET", "http://one/v2/")
    assert len(silent.seen) == ENOUGH
    with pytest.raises(Unreachable, match="not asked any more: no answer from"):
        limited.send("GET", "http://one/other")
    with pytest.raises(Unreachable, match=r"^no answer from http://two/"):
        limited.send("GET", "http://two/v2/")
