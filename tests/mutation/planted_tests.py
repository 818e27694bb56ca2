"""No tests of the project: what planted.py is tried with."""

from tests.mutation.planted import fare


def test_who_stays_pays_nothing() -> None:
    assert fare(age=40, distance=0) == "nothing"


def test_who_goes_far_gets_a_seat() -> None:
    assert fare(age=40, distance=99) == "all"
    assert fare(age=40, distance=100) == "all, and a seat"


def test_it_is_never_too_far() -> None:
    assert fare(age=70, distance=10**9)
