"""Each moment in which a rotation could lose a key or leave one alive: the next record says so, or it heals."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rotation.place import LONGEST, Place, is_well, place_in
from tests.rotation.stores import broken, hashed
from tests.rotation.walked import Watcher, watch
from zotops import doors
from zotops.errors import Unreachable
from zotops.lab import vault
from zotops.lab.faults import fault_named, vault_and_ci
from zotops.lab.faults.breaking import switch
from zotops.lab.faults.traps import make_key
from zotops.lab.first_key import EXPIRES, sign_in
from zotops.lab.rotating import ask, end_current
from zotops.lab.state import State
from zotops.world import Reply

DONE, FAILED, UNCERTAIN, LOCKED = 0, 1, 4, 6
LEAKED_ORDER = {"end-others", "stage", "test", "promote", "propagate"}
CREATE, REVOKE = ("POST", "/zot/auth/apikey"), ("DELETE", "/zot/auth/apikey")

pytestmark = [pytest.mark.timeout(2 * LONGEST), pytest.mark.costly(share=0.06)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with place_in(tmp_path / "here") as found:
        yield found


@pytest.fixture
def watcher(place: Place, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """What looks at the stores after every record of whatever is walked here."""
    found = Watcher(place.root, place.state, place.old, "never", place.folder / "report.json")
    watch(found, monkeypatch.setattr)
    return found


def lose_answer(monkeypatch: pytest.MonkeyPatch, method: str, path: str, *, sent: bool = True) -> None:
    """Once: the request is sent, or not even that, and no answer comes."""
    send, lost = doors.RealHttp.send, list[str]()

    def sending(self: doors.RealHttp, asked: str, url: str, **named: Any) -> Reply:
        if (asked, lost) == (method, []) and path in url:
            lost.append(url)
            if sent:
                send(self, asked, url, **named)
            raise Unreachable(f"{url.partition('?')[0]} gave no answer")
        return send(self, asked, url, **named)

    monkeypatch.setattr(doors.RealHttp, "send", sending)


def edit(place: Place, item: str, field: str, change: Callable[[str], str]) -> Callable[[], None]:
    """Somebody changes a field of the vault."""

    def changing() -> None:
        with State(place.root / "state").edit("vault") as document:
            name = place.stores.names[item]
            vault.set_value(document, name, field, change(vault.value_of(document, name, field) or ""))

    return changing


def broken_by(place: Place, name: str) -> Callable[[], None]:
    """A fault of the catalogue, at the step that it names."""
    fault = fault_named(name)
    assert fault is not None
    return lambda: fault.breaks(place.root)


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
    assert len(place.stores.keys()) == 1
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
    spoil = edit(place, "own_item", "pending", lambda _: staged(place))
    assert place.here(meanwhile={"stage": spoil}) == FAILED
    assert "stage: 'zotops zot-ci' has the new key pending" in place.said
    assert says in place.journal()
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

    assert place.here(meanwhile={"test": end_new}) == FAILED
    assert "test: zot-ci may push new tags" in place.said
    assert (place.stores.held()["current"], watcher.broken) == (place.old, [])


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

    assert place.here(meanwhile={"test": sign_in_without_group}) == FAILED
    assert place.said == ["test: zot-ci may push new tags"]
    assert (place.stores.held()["current"], watcher.broken) == (place.old, [])


@pytest.mark.parametrize("effect", [3, 4, 5], ids=["previous-kept", "current-written", "pending-emptied"])
def test_a_promotion_cut_off_half_way_is_brought_to_its_end(place: Place, effect: int) -> None:
    """Window 7, by hand of the clock: between any two of its three writes."""
    assert place.walk(f"effect:{effect}").returncode < 0
    again = place.walk("never")
    assert (again.returncode, place.report()["broken"], is_well(place)) == (DONE, [], []), again.stdout + again.stderr


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
    lose_answer(monkeypatch, "PUT", f"{vault_and_ci.OTHER}/actions/secrets/", sent=sent)
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
    assert place.here() == FAILED
    assert place.said == ["prove: no key of zot-ci but the new one was used since the cut-over"]
    assert (place.stores.works(place.old), watcher.broken) == (True, [])


@pytest.mark.parametrize("name", ["consumer-forgotten", "old-key-stirs"])
def test_a_consumer_that_nobody_listed_keeps_the_old_key_alive(place: Place, watcher: Watcher, name: str) -> None:
    """Window 10."""
    fault = fault_named(name)
    assert fault is not None
    assert place.here(meanwhile={fault.at: broken_by(place, name)}) == FAILED
    assert place.said == [f"{fault.at}: {fault.check}"]
    assert (place.stores.works(place.old), watcher.broken) == (True, [])


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
    """Windows 13 and 15: whoever ended it, or its time was over; CI is refused until it has the new key."""
    assert place.here(meanwhile={step: lambda: end_current(place.root)}) == DONE, place.said
    assert '"the old key lives until CI has the new one"' in place.journal()
    assert "CI is refused until it has the new key" in place.journal()
    assert watcher.broken, "CI was not refused meanwhile"
    assert {line.split()[3].rstrip(":") for line in watcher.broken} <= {"stage", "test", "promote", "propagate"}
    assert is_well(place) == []


@pytest.mark.parametrize("point", ["effect:9", "after:action-done/revoke"], ids=["not-recorded", "recorded"])
def test_a_revocation_that_was_not_recorded_is_not_sent_again(place: Place, point: str) -> None:
    """Window 14."""
    assert place.walk(point).returncode < 0
    again = place.walk("never")
    assert (again.returncode, place.report()["broken"], is_well(place)) == (DONE, [], []), again.stdout + again.stderr
    assert not any("DELETE" in told for told in place.report()["told"])


def test_another_machine_that_rotates_is_noticed(place: Place, watcher: Watcher) -> None:
    """Window 16: its key lies in the pending field, and carries its label."""
    assert place.walk("after:step-done/create").returncode < 0
    own, place.state = place.state, place.folder / "another"
    place.state.mkdir(mode=0o700)
    assert place.here() == LOCKED
    assert "another machine may be at work here" in place.said[0]
    assert place.stores.held()["current"] == place.old
    place.state = own
    assert place.here() == DONE, place.said
    assert (watcher.broken, is_well(place)) == ([], [])


def test_a_backup_that_brings_the_old_key_back_is_found(place: Place, watcher: Watcher) -> None:
    """Window 17."""
    fault = fault_named("backup-restored")
    assert fault is not None
    assert place.here(meanwhile={"confirm": lambda: fault.breaks(place.root)}) == FAILED
    assert place.said == [f"confirm: {fault.check}"]
    assert "--step revoke" in place.journal()
    assert not [line for line in watcher.broken if "dead" in line]


def test_what_a_thief_made_with_a_leaked_key_is_ended_with_it_and_named(place: Place, watcher: Watcher) -> None:
    """Window 18: whoever has the leaked key has made another one with it."""
    stolen: list[str] = []

    def mint() -> None:
        stolen.append(make_key(place.root, label="backup", expires=EXPIRES))

    assert place.here(name="rotate-leaked-key", meanwhile={"end-others": mint}) == DONE, place.said
    assert not any(map(place.stores.works, [place.old, *stolen]))
    assert "ended: .." in place.journal()
    assert '\\"backup\\", made by no run of zotops' in place.journal()
    assert is_well(place) == []
    # CI is refused from the end of the leaked key until it has the new one, and nothing else is broken.
    assert {line.split()[3].rstrip(":") for line in watcher.broken} <= LEAKED_ORDER


def test_a_thief_who_ends_the_new_key_is_answered_by_a_fresh_sign_in(place: Place) -> None:
    """Window 18: the successor vanishes."""

    def end_new() -> None:
        new = place.stores.keys()[hashed(place.stores.held()["pending"])]["uuid"]
        ask(place.stores.world, place.old, f"/zot/auth/apikey?id={new}", method="DELETE")

    assert place.here(name="rotate-leaked-key", meanwhile={"end-others": end_new}) == FAILED
    assert "the new key was ended by somebody else, so all 1 others are ended" in place.said[0]
    assert place.stores.keys() == {}
    assert place.here(name="rotate-leaked-key", only="create") == DONE, place.said
    assert place.here(name="rotate-leaked-key") == DONE, place.said
    assert not place.stores.works(place.old)
    assert is_well(place) == []


def test_a_key_that_was_made_by_somebody_else_is_refused_and_thrown_away(place: Place, watcher: Watcher) -> None:
    """Window 19."""
    switch("operator", key_of=place.stores.names["admin_user"])(place.root)
    assert place.here(by_hand=["create"]) == FAILED
    assert "create: the registry takes this key for zot-ci" in place.said
    assert place.stores.held() == {"pending": "", "previous": "", "current": place.old}
    assert watcher.broken == []


def test_the_promise_itself_can_be_broken(place: Place) -> None:
    """What the other tests hold the stores to is not true of every world."""
    assert broken(place.stores, place.old, armed=False) == []
    end_current(place.root)
    said = broken(place.stores, place.old, armed=True, folders=(place.root / "state",))
    assert any("refused" in line for line in said)
    assert any("current holds the dead key" in line for line in said)
    assert any("vault.json holds the dead key" in line for line in said)
