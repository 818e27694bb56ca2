"""The key is made in a practice world: really signed in, really minted, nothing left of the sign-in."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.actions.creating import labelled, pending, perform, quirk, unused
from tests.systems.outside import Place, practice
from zotops.checks.key_api import CiKeyIsListed, KeyIsCiUsers
from zotops.checks.sessions import NoSessionLeft
from zotops.errors import ActionFailed
from zotops.lab.provider.recovery import create_recovery_key
from zotops.looking import made
from zotops.model import Verdict
from zotops.profile import parse_ref
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.zot_keys import KEY_ID, KEY_LABEL, has_key_form
from zotops.systems.zot_login import SIGNED_IN_AND_BACK


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("create") / "world", "hardened") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    with unused(started):
        yield started


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
