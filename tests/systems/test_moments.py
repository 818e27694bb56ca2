"""Times and days as programs and people write them."""

import pytest

from zotops.systems.moments import moment


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2027-01-20T08:00:00+00:00", "2027-01-20T08:00:00+00:00"),
        ("2027-01-20T08:00:00Z", "2027-01-20T08:00:00+00:00"),
        ("2027-01-20T08:00:00.123456789+02:00", "2027-01-20T06:00:00.123456+00:00"),
        (" 2027-01-20T08:00:00Z\n", "2027-01-20T08:00:00+00:00"),
        ("2027-01-20", "2027-01-20T00:00:00+00:00"),
    ],
)
def test_a_time_with_its_zone_is_a_moment_and_a_day_is_its_start_in_utc(text: str, means: str) -> None:
    found = moment(text)
    assert found is not None
    assert found.isoformat() == means


@pytest.mark.parametrize(
    "text", ["", "soon", "2027-01-20T08:00:00", "2027-13-20", "20.1.2027", "0001-01-01T00:00:00+05:00", "in 90 days"]
)
def test_anything_else_is_none(text: str) -> None:
    assert moment(text) is None
