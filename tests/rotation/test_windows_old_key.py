"""What may go wrong with the old key: CI goes on with it, it ends too early, too late, or not at all."""

import pytest

from tests.rotation.mishaps import before_the_first, lose_answer
from tests.rotation.place import LONGEST, Place, expire, is_well
from tests.rotation.stores import broken, hashed
from tests.rotation.walked import Watcher
from zotops.lab.faults import fault_named, vault_and_ci
from zotops.lab.faults.breaking import switch
from zotops.lab.faults.traps import make_key
from zotops.lab.first_key import EXPIRES
from zotops.lab.rotating import ask, end_current
from zotops.lab.state import State

DONE, FAILED, UNCERTAIN = 0, 1, 4
REVOKE = ("DELETE", "/zot/auth/apikey")
LIVES = "the old key lives until CI has the new one"
HURRY = "CI is refused until it has the new key: go on to `propagate` at once"

pytestmark = [pytest.mark.timeout(2 * LONGEST), pytest.mark.costly("windows")]


def second_consumer(place: Place) -> None:
    """A second repository pushes with the key as well."""
    names = place.stores.names
    with State(place.root / "state").edit("forge") as document:
        vault_and_ci.add_repository(document)
        main = document["secrets"][f"repo:{names['owner']}/{names['repo']}"][names["secret"]]
        document["secrets"][f"repo:{vault_and_ci.OTHER}"] = {names["secret"]: dict(main)}
    owner, _, repo = vault_and_ci.OTHER.partition("/")
    copy = f'[[forge.copies]]\nowner = "{owner}"\nrepo = "{repo}"\nsecret = "{names["secret"]}"\n'
    profile = place.root / "profile.toml"
    profile.write_text(profile.read_text().replace("[[forge.workflows]]", f"{copy}\n[[forge.workflows]]", 1))


@pytest.mark.parametrize("sent", [False, True], ids=["not-sent", "answer-lost"])
def test_when_only_some_consumers_have_the_new_key_both_keys_work_until_all_have_it(
    place: Place, watcher: Watcher, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    """Window 8."""
    second_consumer(place)
    path = f"{vault_and_ci.OTHER}/actions/secrets/{place.stores.names['secret']}"
    lose_answer(monkeypatch, "PUT", path, sent=sent)
    assert place.here() == UNCERTAIN
    assert place.stores.works(place.old)
    assert place.here() == DONE, place.said
    assert len(place.stores.consumers()) == 2
    assert (watcher.broken, is_well(place)) == ([], [])


def test_where_the_profile_says_so_the_key_is_given_by_the_forges_api(place: Place, watcher: Watcher) -> None:
    profile = place.root / "profile.toml"
    profile.write_text(profile.read_text().replace("[forge]\n", '[forge]\ngiven_by = "api"\n', 1))
    assert place.here() == DONE, place.said
    assert not any("mise run" in told for told in watcher.told)
    assert (watcher.broken, is_well(place)) == ([], [])


def test_a_consumer_that_goes_on_with_the_old_value_is_found_although_its_builds_are_green(
    place: Place, watcher: Watcher
) -> None:
    """Window 9."""
    switch("forge", keeps_old_secrets=True)(place.root)
    code = place.here()
    assert (code, place.stores.works(place.old), watcher.broken) == (FAILED, True, [])
    assert place.said == ["prove: no key of zot-ci but the new one was used since the cut-over"]


@pytest.mark.parametrize("name", ["consumer-forgotten", "old-key-stirs"])
def test_a_consumer_that_nobody_listed_keeps_the_old_key_alive(place: Place, watcher: Watcher, name: str) -> None:
    """Window 10."""
    fault = fault_named(name)
    assert fault is not None
    code = place.here(meanwhile={fault.at: lambda: fault.breaks(place.root)})
    assert place.stores.works(place.old), "the old key is ended while somebody uses it"
    assert (code, watcher.broken) == (FAILED, [])
    assert place.said == [f"{fault.at}: {fault.check}"]


def test_a_lost_answer_to_the_revocation_is_settled_by_looking(
    place: Place, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Window 11."""
    lose_answer(monkeypatch, *REVOKE)
    assert place.here() == UNCERTAIN
    assert place.here() == DONE, place.said
    assert sum("DELETE" in told for told in watcher.told) == 1, "it was sent again"
    assert (watcher.broken, is_well(place)) == ([], [])


def test_a_revocation_that_did_nothing_is_found(place: Place, watcher: Watcher) -> None:
    """Window 12."""
    switch("registry", delete_ignores=True)(place.root)
    assert place.here() == FAILED
    assert "the registry said 200" in place.said[0]
    switch("registry", delete_ignores=False)(place.root)
    assert place.here() == DONE, place.said
    assert (watcher.broken, is_well(place)) == ([], [])


@pytest.mark.parametrize("step", ["stage", "promote"])
def test_an_old_key_that_ends_too_early_is_said_by_the_next_record_and_the_rotation_goes_on(
    place: Place, watcher: Watcher, step: str
) -> None:
    """Window 13: whoever ended it; CI is refused until it has the new key."""
    assert place.here(meanwhile={step: lambda: end_current(place.root)}) == DONE, place.said
    assert place.red(LIVES)[:1] == [(step, "not listed", HURRY)], "nobody is told that CI is refused"
    assert watcher.broken, "CI was not refused meanwhile"
    assert watcher.broken_in <= {"stage", "test", "promote", "propagate"}
    assert is_well(place) == []


@pytest.mark.parametrize("step", ["create", "stage"])
def test_an_old_key_whose_time_ends_during_the_run_is_said_and_the_rotation_goes_on(
    place: Place, watcher: Watcher, step: str
) -> None:
    """Window 15: it is listed all the same, and can make no other any more: that takes a sign-in."""

    def end() -> None:
        expire(place)

    assert place.here(meanwhile={step: end}) == DONE, place.said
    assert place.red(LIVES)[:1] == [("stage", "expired", HURRY)], "nobody is told that CI is refused"
    assert watcher.broken, "CI was not refused meanwhile"
    assert watcher.broken_in <= {"create", "stage", "test", "promote", "propagate"}
    assert is_well(place) == []


@pytest.mark.parametrize("point", ["effect:9", "after:action-done/revoke"], ids=["not-recorded", "recorded"])
def test_a_revocation_that_was_not_recorded_is_not_sent_again(place: Place, point: str) -> None:
    """Window 14."""
    assert place.walk(point).returncode < 0
    again = place.walk("never")
    assert (again.returncode, place.report()["broken"], is_well(place)) == (DONE, [], []), again.stdout + again.stderr
    assert not any("DELETE" in told for told in place.report()["told"]), "it was sent again"


def test_a_backup_that_brings_the_old_key_back_is_found(place: Place, watcher: Watcher) -> None:
    """Window 17."""
    fault = fault_named("backup-restored")
    assert fault is not None
    code = place.here(meanwhile={"confirm": lambda: fault.breaks(place.root)})
    assert code == FAILED, "nobody is told that the old key is back"
    assert place.said == [f"confirm: {fault.check}"]
    assert [remedy for _, _, remedy in place.red(fault.check)] == ["end it again: --step revoke"]
    assert not [line for line in watcher.broken if "dead" in line]
    assert place.here(only="revoke") == DONE, place.said
    assert place.here() == DONE, place.said
    assert (place.stores.works(place.old), is_well(place)) == (False, [])


def test_what_a_thief_made_with_a_leaked_key_is_ended_with_it_and_named(
    place: Place, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Window 18: whoever has the leaked key has made another one with it, and one more while that is ended."""
    stolen: list[str] = []

    def mint() -> None:
        stolen.append(make_key(place.root, label="backup", expires=EXPIRES))
        if len(stolen) == 1:
            before_the_first(monkeypatch, *REVOKE, mint)

    assert place.here(name="rotate-leaked-key", meanwhile={"end-others": mint}) == DONE, place.said
    assert len(stolen) == 2
    assert not any(place.stores.works(key) for key in (place.old, *stolen)), "a key of the thief lives"
    assert "ended: .." in place.journal()
    assert '\\"backup\\", made by no run of zotops' in place.journal()
    assert len(place.stores.noted("revoked").split(",")) == len([place.old, *stolen])
    assert is_well(place) == []
    # CI is refused from the end of the leaked key until it has the new one, and nothing else is broken.
    assert watcher.broken_in <= {"end-others", "stage", "test", "promote", "propagate"}


def test_a_thief_who_ends_the_new_key_is_answered_by_a_fresh_sign_in(place: Place) -> None:
    """Window 18: the successor vanishes."""

    def end_new() -> None:
        new = place.stores.keys()[hashed(place.stores.held()["pending"])]["uuid"]
        ask(place.stores.world, place.old, f"/zot/auth/apikey?id={new}", method="DELETE")

    assert place.here(name="rotate-leaked-key", meanwhile={"end-others": end_new}) == FAILED, place.said
    assert "the new key was ended by somebody else, so all 1 others are ended" in place.said[0]
    assert place.stores.keys() == {}
    assert place.here(name="rotate-leaked-key", only="create") == DONE, place.said
    assert place.here(name="rotate-leaked-key") == DONE, place.said
    assert not place.stores.works(place.old)
    assert is_well(place) == []


def test_the_promise_itself_can_be_broken(place: Place) -> None:
    """What the other tests hold the stores to is not true of every world."""
    assert broken(place.stores, place.old, armed=False) == []
    end_current(place.root)
    said = broken(place.stores, place.old, armed=True, folders=(place.root / "state",))
    assert any("refused" in line for line in said)
    assert any("current holds the dead key" in line for line in said)
    assert any("vault.json holds the dead key" in line for line in said)
