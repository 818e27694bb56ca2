"""Metrics compared with what nobody got before, from here and on the server."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.platform.machine import Machine, machine
from zotops.checks.metrics import METRICS_BEFORE, MetricsAsBefore
from zotops.looking import made
from zotops.model import Evidence, Verdict

PASSED, FAILED = Verdict.PASSED, Verdict.FAILED
BOTH = "200 from here, 200 on the server"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path, {}) as found:
        yield found


def seen(place: Machine, *, here: int, there: int, before: str | None) -> Evidence:
    place.server.table["GET /metrics"] = here
    (place.folder / "curl").write_text(f"HTTP/1.1 {there} Whatever\r\n\r\n")
    facts = {} if before is None else {METRICS_BEFORE: before}
    return made(MetricsAsBefore(profile=place.profile), place.world, facts)


@pytest.mark.parametrize(
    ("here", "there", "before", "verdict"),
    [
        (200, 200, None, PASSED),
        (401, 404, None, PASSED),
        (200, 200, BOTH, PASSED),
        (401, 200, "401 from here, 200 on the server", PASSED),
        (200, 200, "401 from here, 401 on the server", PASSED),
        (401, 200, BOTH, FAILED),
        (200, 401, BOTH, FAILED),
        (401, 401, BOTH, FAILED),
        (404, 404, BOTH, FAILED),
    ],
)
def test_they_have_to_be_as_before_or_open_to_everybody(
    place: Machine, here: int, there: int, before: str | None, verdict: Verdict
) -> None:
    evidence = seen(place, here=here, there=there, before=before)
    now = f"{here} from here, {there} on the server"
    assert (evidence.verdict, evidence.observed) == (verdict, now)
    assert evidence.expected == (before or "whatever nobody gets before the change")
    assert evidence.facts == ({METRICS_BEFORE: now} if before is None else {})


def test_without_a_path_nothing_is_asked(place: Machine) -> None:
    registry = msgspec.structs.replace(place.profile.registry, metrics_path="")
    check = MetricsAsBefore(profile=msgspec.structs.replace(place.profile, registry=registry))
    evidence = made(check, place.world, {})
    assert (evidence.verdict, evidence.observed) == (PASSED, "the profile names no metrics")
    assert place.server.seen == []
