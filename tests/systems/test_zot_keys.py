"""Which of the listed keys is the caller's own, at a ring of keys in memory."""

import pytest

from tests.actions.key_ring import PATH, KeyRing
from tests.systems.outside import KEY
from zotops.errors import Unreachable
from zotops.systems.zot import Zot, with_key
from zotops.systems.zot_keys import LOOKS, Listed, listed_with
from zotops.world import Secret

URL = "http://registry.invalid"
OTHER, THIRD = KEY.replace("0", "e"), KEY.replace("0", "d")


@pytest.fixture
def ring() -> KeyRing:
    ring = KeyRing(URL)
    for secret, label in ((KEY, "own"), (OTHER, "other"), (THIRD, "third")):
        ring.add(secret, label)
    return ring


def ask(ring: KeyRing, known: str = "") -> Listed:
    return listed_with(Zot(http=ring, url=URL, trusted=True), with_key("zot-ci", Secret(KEY)), known=known)


def test_two_lists_tell_where_nobody_else_is_at_work(ring: KeyRing) -> None:
    ring.use(OTHER)
    listed = ask(ring)
    assert (listed.own.label, len(listed.keys), ring.uses) == ("own", 3, 3)
    assert listed.key(listed.own.id) == listed.own
    assert listed.key("id-9999") is None


@pytest.mark.parametrize("times", range(1, LOOKS))
def test_another_key_that_was_used_last_is_not_taken_for_it(ring: KeyRing, times: int) -> None:
    ring.meddle(OTHER, times)
    assert ask(ring).own.label == "own"


def test_two_others_that_are_used_in_turn_are_not_taken_for_it(ring: KeyRing) -> None:
    turns = iter([OTHER, OTHER, THIRD, THIRD])
    ring.after_use = lambda used: ring.use(next(turns)) if used == KEY else None
    assert ask(ring).own.label == "own"


def test_a_key_that_is_used_at_every_look_leaves_it_open(ring: KeyRing) -> None:
    ring.meddle(OTHER, 99)
    with pytest.raises(Unreachable, match=r"does not tell which key of zot-ci was just used: .*look again"):
        ask(ring)


def test_where_others_are_as_busy_the_id_that_was_told_decides_if_it_moves_too(ring: KeyRing) -> None:
    ring.meddle(OTHER, 99)
    assert ask(ring, "id-0000").own.label == "own"
    for elsewhere in ("id-0002", "id-9999"):
        with pytest.raises(Unreachable, match="does not tell which key"):
            ask(ring, elsewhere)


def test_where_nobody_else_is_at_work_what_was_told_decides_nothing(ring: KeyRing) -> None:
    assert ask(ring, "id-0001").own.label == "own"


def test_a_list_without_the_key_names_no_other(ring: KeyRing) -> None:
    ring.hides = True
    with pytest.raises(Unreachable, match="does not tell which key"):
        ask(ring)
    ring.says[f"GET {PATH}"] = 401
    with pytest.raises(Unreachable, match="does not list the keys of zot-ci: 401"):
        ask(ring)
