"""The way back before the old key is ended, and forward again: what was proven before it proves nothing any more."""

import pytest

from tests.rotation.place import LONGEST, Place, is_well
from tests.rotation.walked import Watcher
from zotops.actions.sync_secrets import SyncForgeSecrets
from zotops.errors import ActionFailed
from zotops.lab.checkout import commit_and_push
from zotops.model import State

DONE, FAILED, WRONG_USAGE, UNCERTAIN = 0, 1, 2, 4
AGAIN = ("promote", "propagate", "prove", "soak")

pytestmark = [pytest.mark.timeout(2 * LONGEST), pytest.mark.costly("rotations")]


def told(place: Place, event: str) -> list[str]:
    """The steps of which that was recorded, in order."""
    return [record["step"] for record in place.records(event)]


def commits(place: Place) -> list[str]:
    """The commits that were built, in order; "" where the run forgot one."""
    found = [record["data"] for record in place.records("fact-found")]
    return [each["value"] for each in found if each["name"] == "build-commit"]


def commit(place: Place) -> str:
    """One more commit that was never built."""
    (place.root / "checkout" / "NEXT.md").write_text("To be built.\n")
    return commit_and_push(place.stores.world, "Have something to build")


def gone_back(place: Place, *, after: str) -> None:
    """The new key was with CI, and after that step the old one is again."""
    assert place.here(until=after) == DONE, place.said
    assert set(place.stores.consumers().values()) == {place.stores.held()["current"]} != {place.old}
    assert place.here(undo="promote") == DONE, place.said
    assert place.stores.held()["current"] == place.old
    assert set(place.stores.consumers().values()) == {place.old}


def test_after_the_way_back_everything_from_there_on_is_proven_anew(place: Place, watcher: Watcher) -> None:
    gone_back(place, after="soak")
    assert told(place, "step-reopened") == [*AGAIN[1:]]
    assert place.here() == FAILED
    assert "push a commit" in place.said[0], "what is built already proves nothing"
    newest = commit(place)
    assert place.here() == DONE, place.said
    assert told(place, "step-done")[4:] == [*AGAIN, *AGAIN, "revoke", "confirm", "arm"]
    first, forgotten, second = commits(place)
    assert (forgotten, second == newest, first == second) == ("", True, False)
    assert (watcher.broken, is_well(place)) == ([], [])


@pytest.mark.parametrize("settled", [{}, {"promote": State.HAPPENED}], ids=["by looking", "by a person"])
def test_where_ci_did_not_get_the_old_key_again_it_is_given_the_new_one_before_anything_is_ended(
    place: Place, watcher: Watcher, monkeypatch: pytest.MonkeyPatch, settled: dict[str, State]
) -> None:
    def fails(*_: object) -> str:
        raise ActionFailed("the play failed")

    assert place.here(until="soak") == DONE, place.said
    with monkeypatch.context() as broken:
        broken.setattr(SyncForgeSecrets, "_by_role", fails)
        assert place.here(undo="promote") == UNCERTAIN
    assert "the vault has the old key again, CI may have either: the play failed" in place.said[0]
    commit(place)
    assert place.here(settled=settled) == DONE, place.said
    # What a person calls undone is open by that; what nobody can tell is looked at, and does not hold.
    assert told(place, "step-reopened") == [*(AGAIN[1:] if settled else AGAIN)]
    assert told(place, "step-done")[4:] == [*AGAIN, *AGAIN, "revoke", "confirm", "arm"]
    assert (watcher.broken, is_well(place)) == ([], [])


def test_undone_before_the_end_ci_has_the_old_key_again_and_the_run_goes_on(place: Place, watcher: Watcher) -> None:
    gone_back(place, after="propagate")
    assert place.here() == DONE, place.said
    assert (watcher.broken, is_well(place)) == ([], [])


def test_there_is_no_way_back_once_the_old_key_is_ended(place: Place) -> None:
    assert place.here(until="revoke") == DONE, place.said
    assert place.here(undo="promote") == FAILED
    assert "there is no way back" in place.said[0]


def test_an_undo_that_is_refused_leaves_a_finished_rotation_finished(place: Place) -> None:
    assert place.here() == DONE, place.said
    assert place.here(undo="promote") == FAILED
    assert place.here(undo="revoke") == WRONG_USAGE
    assert place.here(until="preflight") == DONE, place.said
    assert len(place.records("run-started")) == 2, "the finished run was taken up again"
