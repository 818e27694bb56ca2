"""What may go wrong with the new key until CI has it: it is found before anything uses it, or it heals."""

from collections.abc import Callable

import pytest

from tests.rotation.mishaps import lose_answer
from tests.rotation.place import LONGEST, Place, is_well
from tests.rotation.walked import Watcher
from zotops.lab.faults.breaking import switch
from zotops.lab.first_key import sign_in
from zotops.lab.state import State

DONE, FAILED, UNCERTAIN, LOCKED = 0, 1, 4, 6
CREATE = ("POST", "/zot/auth/apikey")
PENDING = "'zotops zot-ci' has the new key pending"

pytestmark = [pytest.mark.timeout(2 * LONGEST), pytest.mark.costly("windows")]


@pytest.mark.parametrize("point", ["after:action-intended/create", "effect:1"], ids=["window-1", "window-2-and-3"])
def test_killed_around_the_making_of_the_key_leaves_one_key_and_no_orphan(place: Place, point: str) -> None:
    assert place.walk(point).returncode < 0
    again = place.walk("never")
    assert (again.returncode, place.report()["broken"], is_well(place)) == (DONE, [], []), again.stdout + again.stderr


@pytest.mark.parametrize("sent", [False, True], ids=["window-1-not-sent", "window-2-answer-lost"])
def test_a_lost_answer_to_the_making_is_found_by_label_taken_back_and_made_again(
    place: Place, watcher: Watcher, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    lose_answer(monkeypatch, *CREATE, sent=sent)
    assert place.here() == FAILED
    assert "whatever was made is deleted again" in place.said[0]
    assert len(place.stores.keys()) == 1, "an orphan is left"
    assert place.here() == DONE, place.said
    assert (watcher.broken, is_well(place)) == ([], [])


def test_a_vault_that_forgets_what_it_was_told_stops_before_anything_uses_the_key(
    place: Place, watcher: Watcher
) -> None:
    """Window 3: the answer was read, and what was staged is not there."""
    switch("op", forget_write=True)(place.root)
    assert place.here() == UNCERTAIN
    switch("op", forget_write=False)(place.root)
    assert place.here() == DONE, place.said
    assert (watcher.broken, is_well(place)) == ([], [])


@pytest.mark.parametrize(
    ("staged", "says"),
    [
        (lambda place: place.old, "it is another key"),
        (lambda place: place.stores.held()["pending"][:-1], "hex digits"),
        (lambda place: place.stores.held()["pending"] + "\n", "a line end or a space"),
    ],
    ids=["old-clipboard", "cut", "newline"],
)
def test_what_was_staged_wrong_is_found_before_it_is_used(
    place: Place, watcher: Watcher, staged: Callable[[Place], str], says: str
) -> None:
    """Window 4."""
    assert place.here(meanwhile={"stage": lambda: place.note("pending", staged(place))}) == FAILED
    assert f"stage: {PENDING}" in place.said
    assert [says in observed for _, observed, _ in place.red(PENDING)] == [True]
    assert (place.stores.held()["current"], watcher.broken) == (place.old, [])


def test_a_key_that_is_refused_is_not_promoted(place: Place, watcher: Watcher) -> None:
    """Window 5: the new key was ended before it was tried."""

    def end_new() -> None:
        world = place.stores.world
        browser = sign_in(world)
        ids = [key["uuid"] for key in place.stores.keys().values() if str(key["label"]).startswith("zotops/")]
        newest = max(place.stores.keys().values(), key=lambda key: str(key["created_at"]))["uuid"]
        assert newest in ids
        url = f"{world['registry']['url']}/zot/auth/apikey?id={newest}"
        browser.ask(url, method="DELETE", headers={"X-ZOT-API-CLIENT": "zot-ui"})

    code = place.here(meanwhile={"test": end_new})
    assert (code, place.stores.held()["current"], watcher.broken) == (FAILED, place.old, [])
    assert "test: zot-ci may push new tags" in place.said


def test_a_key_whose_group_is_missing_is_not_promoted(place: Place, watcher: Watcher) -> None:
    """Window 6: it authenticates, and may not push; somebody signed in meanwhile without the group."""

    def sign_in_without_group() -> None:
        world, state = place.stores.world, State(place.root / "state")
        user = world["names"]["ci_user"]
        with state.edit("provider") as document:
            document["users"][user]["groups"] = []
            document["bindings"].append(
                {**document["bindings"][0], "pk": "3f1d", "group": None, "user": user, "order": 9}
            )
        sign_in(world)

    code = place.here(meanwhile={"test": sign_in_without_group})
    assert (code, place.said) == (FAILED, ["test: zot-ci may push new tags"])
    assert (place.stores.held()["current"], watcher.broken) == (place.old, [])


@pytest.mark.parametrize("effect", [3, 4, 5], ids=["previous-kept", "current-written", "pending-emptied"])
def test_a_promotion_cut_off_half_way_is_brought_to_its_end(place: Place, effect: int) -> None:
    """Window 7, by hand of the clock: between any two of its three writes."""
    assert place.walk(f"effect:{effect}").returncode < 0
    again = place.walk("never")
    assert (again.returncode, place.report()["broken"], is_well(place)) == (DONE, [], []), again.stdout + again.stderr


def test_another_machine_that_rotates_is_noticed(place: Place, watcher: Watcher) -> None:
    """Window 16: its key lies in the pending field, and carries its label."""
    assert place.walk("after:step-done/create").returncode < 0
    own, place.state = place.state, place.folder / "another"
    place.state.mkdir(mode=0o700)
    assert place.here() == LOCKED, "two machines rotate at once"
    assert place.stores.held()["current"] == place.old
    assert "another machine may be at work here" in place.said[0]
    for reason in ("she is ill", ""):
        assert place.here(until="preflight", take_over=reason) == FAILED, "what is taken over stays so"
    place.state = own
    assert place.here() == DONE, place.said
    assert (watcher.broken, is_well(place)) == ([], [])


def test_a_key_that_was_made_by_somebody_else_is_refused_and_thrown_away(place: Place, watcher: Watcher) -> None:
    """Window 19."""
    switch("operator", key_of=place.stores.names["admin_user"])(place.root)
    assert place.here(by_hand=["create"]) == FAILED
    assert "create: the registry takes this key for zot-ci" in place.said
    assert place.stores.held()["pending"] == "", "somebody else's key lies in the pending field"
    assert place.stores.held() == {"pending": "", "previous": "", "current": place.old}
    assert watcher.broken == []
