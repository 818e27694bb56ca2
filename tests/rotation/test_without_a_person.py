"""`invoke rotate-key` without a terminal: nothing is answered for a person, and what cannot be undone least of all."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk, changed, started
from tests.rotation.place import LONGEST
from tests.rotation.stores import Stores

WAITING = 3

pytestmark = [pytest.mark.timeout(2 * LONGEST), pytest.mark.costly("rotations")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """With the stand-in, whatever zot there is: which keys live is read in its own files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ZOTOPS_ZOT", raising=False)
        with started(tmp_path_factory.mktemp("world"), "--state", "hardened") as found:
            yield found


@pytest.fixture
def desk(world: Desk, tmp_path: Path) -> Desk:
    return replace(world, folder=tmp_path, procedure="rotate-key")


@pytest.mark.parametrize("feed", [None, "\n" * 500], ids=["nothing", "a stream of newlines"])
def test_it_waits_for_a_person_and_has_changed_nothing(desk: Desk, feed: str | None) -> None:
    before = desk.seen()
    done = desk.deploy(feed=feed)
    assert done.code == WAITING
    assert "create waits for a decision" in done.err
    assert changed(before, desk.seen()) == []


@pytest.mark.parametrize("words", [(), ("--leaked",)], ids=["usual", "leaked"])
def test_a_dry_run_looks_at_every_step_and_changes_nothing(desk: Desk, words: tuple[str, ...]) -> None:
    before = desk.seen()
    done = desk.deploy("--dry-run", *words)
    assert done.code == 0, done.out[-2000:] + done.err
    assert "asks the registry for a key of 90 days" in " ".join(done.out.split())
    assert changed(before, desk.seen()) == []
    assert not desk.kept.exists() or desk.journals() == []


def test_what_cannot_be_undone_is_only_done_where_the_profile_lists_it(desk: Desk) -> None:
    stores = Stores(desk.root)
    old = stores.held()["current"]
    listed = '["create", "promote", "propagate", "prove", "soak"]'
    profile = desk.with_profile(steps=listed)
    done = desk.deploy("--auto", profile=profile)
    assert done.code == WAITING, done.out[-2000:] + done.err
    assert "revoke waits for a decision" in done.err
    assert stores.works(old)
    assert stores.works(stores.held()["current"])
    assert set(stores.consumers().values()) == {stores.held()["current"]} != {old}
