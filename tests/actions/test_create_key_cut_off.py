"""The making of a key that is cut off: what is deleted again, what is left and said, and what is found out later."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.actions.creating import labelled, listed, pending, perform, unused
from tests.systems.outside import KEY, Place, Safe, practice
from zotops.actions.create_key import CreateCiKey
from zotops.checks.sessions import NoSessionLeft
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.lab.provider.recovery import create_recovery_key
from zotops.looking import made
from zotops.model import Attempt, Settled, State, Verdict
from zotops.world import Http, Reply, Secret


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("create") / "world", "hardened") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    with unused(started):
        yield started


def settle(place: Place, number: int) -> Settled:
    action = CreateCiKey(profile=place.profile)
    return action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f3a", number=number)))


def test_a_vault_that_refuses_takes_the_key_back(place: Place) -> None:
    place.safe.refuses = True
    with pytest.raises(ActionFailed, match="the vault did not take the key, so it is deleted again"):
        perform(place, number=2)
    assert labelled(place, "zotops/7f3a/2") == []
    assert made(NoSessionLeft(profile=place.profile), place.world, {}).verdict is Verdict.PASSED


class CutsOff:
    """The real door, which loses the answer to the request that makes a key."""

    def __init__(self, http: Http) -> None:
        self.http = http

    def send(self, method: str, url: str, **given: Any) -> Reply:
        reply = self.http.send(method, url, **given)
        if method == "POST" and url.endswith("/zot/auth/apikey"):
            raise Unreachable("the connection broke after the request was sent")
        return reply


class BreaksBefore(CutsOff):
    """The real door, through which the list of keys does not come any more."""

    def send(self, method: str, url: str, **given: Any) -> Reply:
        if method == "GET" and url.endswith("/zot/auth/apikey"):
            raise Unreachable("the connection broke")
        return self.http.send(method, url, **given)


def test_what_breaks_before_the_key_is_asked_for_is_no_uncertainty(place: Place) -> None:
    world = replace(place.world, http=BreaksBefore(place.world.http))
    with pytest.raises(ActionFailed, match="no key was made: the connection broke"):
        perform(replace(place, world=world), number=16)
    assert labelled(place, "zotops/7f3a/16") == []
    assert made(NoSessionLeft(profile=place.profile), place.world, {}).verdict is Verdict.PASSED


class NeverDeletes(CutsOff):
    """The real door, behind which a delete is answered with 200 and nothing happens."""

    def send(self, method: str, url: str, **given: Any) -> Reply:
        if method == "DELETE" and "/zot/auth/apikey" in url:
            return Reply(method=method, url=url, status=200)
        return super().send(method, url, **given)


def test_a_key_that_cannot_be_taken_back_leaves_it_uncertain(place: Place) -> None:
    world = replace(place.world, http=NeverDeletes(place.world.http))
    with pytest.raises(Uncertain, match="still listed after they were deleted"):
        perform(replace(place, world=world), number=17)


def test_a_provider_that_cannot_be_signed_out_of_is_left_and_said(place: Place) -> None:
    class NoSignOut(CutsOff):
        def send(self, method: str, url: str, **given: Any) -> Reply:
            if method == "DELETE" and "authenticated_sessions" in url:
                raise Unreachable("no answer")
            return self.http.send(method, url, **given)

    outcome = perform(replace(place, world=replace(place.world, http=NoSignOut(place.world.http))), number=18)
    assert outcome.left[-1] == "a session of zot-ci may be left at the identity provider: no answer"
    evidence = made(NoSessionLeft(profile=place.profile), place.world, {})
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "1 session")


def test_a_key_whose_answer_was_lost_is_deleted_again(place: Place) -> None:
    world = replace(place.world, http=CutsOff(place.world.http))
    with pytest.raises(ActionFailed, match="whatever was made is deleted again"):
        perform(replace(place, world=world), number=3)
    assert labelled(place, "zotops/7f3a/3") == []
    assert not pending(place)


def test_leftovers_of_this_run_are_removed_first_and_those_of_others_are_not(place: Place) -> None:
    perform(place, number=4)
    perform(place, number=1, run="other")
    outcome = perform(place, number=5)
    assert outcome.left == ('the key "zotops/other/1" that was pending; nothing uses it',)
    assert labelled(place, "zotops/7f3a/4") == []
    assert len(labelled(place, "zotops/7f3a/5")) == 1
    assert len(labelled(place, "zotops/other/1")) == 1


def test_where_ci_uses_a_key_of_this_run_no_other_is_made_and_no_session_stays(place: Place) -> None:
    perform(place, number=6)
    place.safe.fields[place.profile.current_key.secret] = pending(place).reveal()
    with pytest.raises(ActionFailed, match="is in use already"):
        perform(place, number=7)
    assert len(labelled(place, "zotops/7f3a/6")) == 1
    assert labelled(place, "zotops/7f3a/7") == []
    assert made(NoSessionLeft(profile=place.profile), place.world, {}).verdict is Verdict.PASSED


def test_settle_finds_the_key_that_was_kept(place: Place) -> None:
    outcome = perform(place, number=10)
    settled = settle(place, number=10)
    assert settled.state is State.HAPPENED
    assert settled.outcome.facts == outcome.facts


@pytest.mark.parametrize("kept", ["", KEY, "unset"])
def test_settle_says_what_may_be_left_of_a_key_that_was_not_kept(kept: str, place: Place) -> None:
    place.safe.fields[place.profile.pending_key.secret] = kept
    settled = settle(place, number=11)
    assert settled.state is State.DID_NOT
    assert settled.leftover == 'a key "zotops/7f3a/11" of zot-ci may exist; the next try deletes it'


def test_settle_lets_a_key_whose_sign_in_was_cut_off_be_made_again(place: Place) -> None:
    perform(place, number=16)
    create_recovery_key(place.lab.root, 5, "zot-ci")
    settled = settle(place, number=16)
    assert settled.state is State.DID_NOT
    assert settled.leftover == ('the key "zotops/7f3a/16" and a session of zot-ci are left; the next try removes both')
    perform(place, number=17)
    assert [key.label for key in listed(place) if key.label.startswith("zotops/7f3a/")] == ["zotops/7f3a/17"]
    evidence = made(NoSessionLeft(profile=place.profile), place.world, {})
    assert evidence.verdict is Verdict.PASSED


def test_settle_takes_an_earlier_key_for_no_proof(place: Place) -> None:
    perform(place, number=12)
    settled = settle(place, number=13)
    assert settled.state is State.DID_NOT


def test_settle_cannot_tell_without_the_registry(place: Place) -> None:
    perform(place, number=14)
    registry = msgspec.structs.replace(place.profile.registry, url="http://127.0.0.1:9")
    profile = msgspec.structs.replace(place.profile, registry=registry)
    settled = settle(replace(place, profile=profile), number=14)
    assert settled.state is State.CANNOT_TELL
    assert "zotops/7f3a/14" in settled.how


def test_a_vault_that_may_have_written_leaves_it_uncertain(place: Place) -> None:
    class LosesTheAnswer(Safe):
        def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
            super().write(item, fields)
            raise Uncertain("no answer from the vault")

    world = replace(place.world, secrets=LosesTheAnswer(place.safe.fields))
    with pytest.raises(Uncertain):
        perform(replace(place, world=world), number=15)
    settled = settle(place, number=15)
    assert settled.state is State.HAPPENED
