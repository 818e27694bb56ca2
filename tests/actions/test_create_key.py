"""The key is made in a practice world: really signed in, really minted, nothing left of the sign-in."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.systems.outside import KEY, Place, practice
from zotops.actions.create_key import CreateCiKey
from zotops.checks.key_api import CiKeyIsListed, KeyIsCiUsers
from zotops.checks.sessions import NoSessionLeft
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.lab.provider.recovery import create_recovery_key
from zotops.looking import made
from zotops.model import Attempt, Outcome, State, Verdict
from zotops.profile import parse_ref
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.zot import open_zot, with_key
from zotops.systems.zot_keys import KEY_ID, KEY_LABEL, Key, has_key_form, list_keys
from zotops.systems.zot_login import SIGNED_IN_AND_BACK
from zotops.world import Http, Reply, Secret


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("create") / "world", "hardened") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    """The world without quirks, with an empty pending field, and with the documents as they were afterwards."""
    before = started.state.read("provider")
    fields = dict(started.safe.fields)
    started.told.clear()
    yield started
    started.safe.fields.clear()
    started.safe.fields |= fields
    started.safe.refuses = False
    with started.state.edit("provider") as document:
        for name in ("users", "login", "sessions", "tokens"):
            document[name] = before[name]
    with started.state.edit("quirks") as document:
        document.clear()


def perform(place: Place, number: int = 1, run: str = "7f3a") -> Outcome:
    action = CreateCiKey(profile=place.profile)
    intent = action.intent(place.world, {}, Attempt(run=run, number=number))
    return action.perform(place.world, intent, {})


def pending(place: Place) -> Secret:
    return place.safe.read(place.profile.pending_key.secret)


def listed(place: Place) -> list[Key]:
    """All keys of the CI user, asked for with the one that CI uses."""
    caller = with_key("zot-ci", place.safe.read(place.profile.current_key.secret))
    return list(list_keys(open_zot(place.world, place.profile), caller))


def labelled(place: Place, label: str) -> list[Key]:
    return [key for key in listed(place) if key.label == label]


def quirk(place: Place, owner: str, **switches: object) -> None:
    with place.state.edit("quirks") as document:
        document[owner] = switches


def edit_user(place: Place, **fields: Any) -> None:
    with place.state.edit("provider") as document:
        document["users"]["zot-ci"].update(fields)


def test_the_key_is_made_kept_and_nothing_of_the_sign_in_is_left(place: Place) -> None:
    before = logins(place)
    outcome = perform(place)
    assert logins(place) == before + 1
    key = pending(place)
    assert has_key_form(key)
    assert outcome.left == ()
    assert outcome.facts[KEY_LABEL] == "zotops/7f3a/1"
    assert outcome.facts[KEY_PRINT] == place.safe.fingerprint(key)
    assert outcome.facts[SIGNED_IN_AND_BACK] == "zot-ci"
    for check in (KeyIsCiUsers, CiKeyIsListed, NoSessionLeft):
        evidence = made(check(profile=place.profile), place.world, outcome.facts)
        assert evidence.verdict is Verdict.PASSED, evidence
    assert made(CiKeyIsListed(profile=place.profile), place.world, {}).facts[KEY_ID] == outcome.facts[KEY_ID]


def test_a_recovery_key_that_nobody_used_is_seen_and_goes_with_the_next_sign_in(place: Place) -> None:
    create_recovery_key(place.lab.root, 5, "zot-ci")
    create_recovery_key(place.lab.root, 5, "alex")
    evidence = made(NoSessionLeft(profile=place.profile), place.world, {})
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "1 recovery key")
    perform(place, run="left")
    assert made(NoSessionLeft(profile=place.profile), place.world, {}).verdict is Verdict.PASSED
    tokens = place.state.read("provider")["tokens"].values()
    assert [token["user"] for token in tokens if token["intent"] == "recovery"] == ["alex"]


def test_each_thing_done_is_told_and_no_secret_among_it(place: Place) -> None:
    perform(place, run="told")
    assert [what for what, _ in place.told] == [
        "claims previewed",
        "recovery key",
        "signed in as zot-ci",
        "key made",
        "pending field",
        "signed out",
    ]
    secret = pending(place).reveal()
    assert secret in place.registered
    assert not [text for told in place.told for text in told if any(known in text for known in place.registered)]


def test_recovery_link_code_and_session_are_registered_before_use(place: Place) -> None:
    place.registered.clear()
    perform(place)
    assert [value for value in place.registered if value.startswith("/recovery/use-token/")]
    assert len(place.registered) >= 4  # token, link, state, code, key


@pytest.mark.parametrize(
    ("groups", "said"),
    [([], "with no group, not with artifact-workloads"), (["artifact-workloads", "admins"], "with admins, artifact-")],
)
def test_a_sign_in_that_would_claim_other_groups_is_refused_before_it_happens(
    groups: list[str], said: str, place: Place
) -> None:
    edit_user(place, groups=groups)
    before = logins(place)
    with pytest.raises(ActionFailed, match=said):
        perform(place)
    assert logins(place) == before
    assert not pending(place)


def logins(place: Place) -> int:
    return sum(event["action"] == "login" for event in place.state.read("provider")["events"])


def test_the_claim_in_another_case_is_refused(place: Place) -> None:
    quirk(place, "provider", group_case="title")
    with pytest.raises(ActionFailed, match="would sign in with Artifact-Workloads"):
        perform(place)


def test_a_user_whom_the_worker_does_not_know_gets_no_recovery_key(place: Place) -> None:
    ci = msgspec.structs.replace(place.profile.ci, name="guest")
    tier = msgspec.structs.replace(place.profile.tiers.ci, group="artifact-workloads")
    profile = msgspec.structs.replace(place.profile, ci=ci, tiers=msgspec.structs.replace(place.profile.tiers, ci=tier))
    with pytest.raises(ActionFailed, match="guest would sign in with no group"):
        perform(replace(place, profile=profile))


def test_without_the_cluster_no_key_is_made(place: Place) -> None:
    quirk(place, "kubectl", cluster_unreachable=True)
    with pytest.raises(ActionFailed, match="the worker made no recovery key for zot-ci"):
        perform(place)


def test_a_provider_that_is_down_means_no_key_was_made(place: Place) -> None:
    quirk(place, "provider", down=True)
    with pytest.raises(ActionFailed, match="no key was made"):
        perform(place)
    assert place.told == []


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


def test_a_key_of_this_run_that_ci_uses_already_is_no_leftover(place: Place) -> None:
    perform(place, number=6)
    place.safe.fields[place.profile.current_key.secret] = pending(place).reveal()
    perform(place, number=7)
    assert len(labelled(place, "zotops/7f3a/6")) == 1


@pytest.mark.parametrize(
    ("together", "remember"),
    [(False, False), (True, False), (False, True)],
    ids=["two pages", "one page", "remember me"],
)
def test_signing_in_by_password(together: bool, remember: bool, place: Place) -> None:
    with place.state.edit("provider") as document:
        document["users"]["zot-ci"]["password"] = "for-ci"
        document["login"] |= {"password_with_user_name": together, "remember_me": remember, "mfa": "skip"}
    place.safe.fields[parse_ref("passwords/ci")] = "for-ci"
    outcome = perform(by_password(place), number=8)
    assert outcome.facts[SIGNED_IN_AND_BACK] == "zot-ci"


@pytest.mark.parametrize(
    ("login", "password", "said"),
    [
        ({"mfa": "configure"}, "for-ci", "second factor"),
        ({"mfa": "deny"}, "for-ci", "refuses"),
        ({"mfa": "skip"}, "wrong", "user name or password is wrong"),
        ({"mfa": "skip", "password_with_user_name": True}, "wrong", "user name or password is wrong"),
    ],
)
def test_a_password_that_does_not_sign_in_makes_no_key(
    login: dict[str, Any], password: str, said: str, place: Place
) -> None:
    with place.state.edit("provider") as document:
        document["users"]["zot-ci"]["password"] = "for-ci"
        document["login"] |= login
    place.safe.fields[parse_ref("passwords/ci")] = password
    with pytest.raises(ActionFailed, match=said):
        perform(by_password(place), number=9)
    assert labelled(place, "zotops/7f3a/9") == []
    assert not pending(place)


def by_password(place: Place) -> Place:
    ci = msgspec.structs.replace(place.profile.ci, sign_in="password", password="passwords/ci")
    return replace(place, profile=msgspec.structs.replace(place.profile, ci=ci))


def test_settle_finds_the_key_that_was_kept(place: Place) -> None:
    outcome = perform(place, number=10)
    action = CreateCiKey(profile=place.profile)
    settled = action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f3a", number=10)))
    assert settled.state is State.HAPPENED
    assert settled.outcome.facts == outcome.facts


@pytest.mark.parametrize("kept", ["", KEY, "unset"])
def test_settle_says_what_may_be_left_of_a_key_that_was_not_kept(kept: str, place: Place) -> None:
    place.safe.fields[place.profile.pending_key.secret] = kept
    action = CreateCiKey(profile=place.profile)
    settled = action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f3a", number=11)))
    assert settled.state is State.DID_NOT
    assert settled.leftover == 'a key "zotops/7f3a/11" of zot-ci may exist; the next try deletes it'


def test_settle_lets_a_key_whose_sign_in_was_cut_off_be_made_again(place: Place) -> None:
    perform(place, number=16)
    create_recovery_key(place.lab.root, 5, "zot-ci")
    action = CreateCiKey(profile=place.profile)
    settled = action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f3a", number=16)))
    assert settled.state is State.DID_NOT
    assert settled.leftover == ('the key "zotops/7f3a/16" and a session of zot-ci are left; the next try removes both')
    perform(place, number=17)
    assert [key.label for key in listed(place) if key.label.startswith("zotops/7f3a/")] == ["zotops/7f3a/17"]
    evidence = made(NoSessionLeft(profile=place.profile), place.world, {})
    assert evidence.verdict is Verdict.PASSED


def test_settle_takes_an_earlier_key_for_no_proof(place: Place) -> None:
    perform(place, number=12)
    action = CreateCiKey(profile=place.profile)
    settled = action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f3a", number=13)))
    assert settled.state is State.DID_NOT


def test_settle_cannot_tell_without_the_registry(place: Place) -> None:
    perform(place, number=14)
    registry = msgspec.structs.replace(place.profile.registry, url="http://127.0.0.1:9")
    action = CreateCiKey(profile=msgspec.structs.replace(place.profile, registry=registry))
    settled = action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f3a", number=14)))
    assert settled.state is State.CANNOT_TELL
    assert "zotops/7f3a/14" in settled.how


def test_a_vault_that_may_have_written_leaves_it_uncertain(place: Place) -> None:
    class Doubts(type(place.safe)):  # type: ignore[misc]  # the same safe, which loses its answer
        def write(self, item: str, fields: Any) -> None:
            super().write(item, fields)
            raise Uncertain("no answer from the vault")

    doubts = replace(place.world, secrets=Doubts(place.safe.fields))
    with pytest.raises(Uncertain):
        perform(replace(place, world=doubts), number=15)
    action = CreateCiKey(profile=place.profile)
    settled = action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f3a", number=15)))
    assert settled.state is State.HAPPENED
