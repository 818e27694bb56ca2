"""Ways of the sign-in that a well-kept world does not show; the straight ones are tested with the action."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.systems.outside import Place, practice, tabled
from zotops.errors import ActionFailed, Unreachable
from zotops.lab.provider.document import EXPLICIT_CONSENT, IMPLICIT_CONSENT
from zotops.systems.browser import Browser
from zotops.systems.sign_in import (
    Answers,
    make_recovery_key,
    sign_in_at_registry,
    use_recovery_key,
    who_is_signed_in,
)
from zotops.systems.zot_login import begin_login, by_session, end_login, signed_in_as

CI = Answers(user="zot-ci")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("signin") / "world", "hardened") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    before = started.state.read("provider")
    yield started
    with started.state.edit("provider") as document:
        document["providers"], document["bindings"] = before["providers"], before["bindings"]


def window(place: Place) -> Browser:
    return Browser(http=place.world.http, register=place.world.register)


def signed_in_window(place: Place) -> Browser:
    browser = window(place)
    use_recovery_key(browser, place.profile, make_recovery_key(place.world.programs, place.profile))
    return browser


def edit_provider(place: Place, **fields: Any) -> None:
    with place.state.edit("provider") as document:
        next(iter(document["providers"].values())).update(fields)


def test_a_recovery_key_signs_in_once(place: Place) -> None:
    link = make_recovery_key(place.world.programs, place.profile)
    browser = window(place)
    assert who_is_signed_in(browser, place.profile) == ""
    use_recovery_key(browser, place.profile, link)
    assert who_is_signed_in(browser, place.profile) == "zot-ci"
    with pytest.raises(ActionFailed, match="does not take the recovery key"):
        use_recovery_key(window(place), place.profile, link)


def test_a_session_is_the_ci_users_until_it_signs_out(place: Place) -> None:
    browser = signed_in_window(place)
    sign_in_at_registry(browser, place.profile, CI)
    assert signed_in_as(browser, place.profile) == "zot-ci"
    session = by_session(browser, place.profile)
    assert (
        place.world.http.send(
            "GET",
            f"{place.profile.registry.url}/zot/auth/apikey",
            headers={name: value.reveal() for name, value in session.headers.items()},
        ).status
        == 200
    )
    end_login(browser, place.profile)
    assert signed_in_as(browser, place.profile) is None


def test_an_explicit_consent_is_given(place: Place) -> None:
    edit_provider(place, authorization_flow=EXPLICIT_CONSENT)
    browser = signed_in_window(place)
    sign_in_at_registry(browser, place.profile, CI)
    assert signed_in_as(browser, place.profile) == "zot-ci"
    edit_provider(place, authorization_flow=IMPLICIT_CONSENT)


def test_nobody_signed_in_at_the_provider_is_said(place: Place) -> None:
    with pytest.raises(ActionFailed, match="ak-stage-identification") as refused:
        sign_in_at_registry(window(place), place.profile, CI)
    assert refused.value.remedy.startswith("nobody is signed in there")


def test_a_sign_in_as_somebody_else_is_not_handed_to_the_registry(place: Place) -> None:
    browser = signed_in_window(place)
    with pytest.raises(ActionFailed, match="takes the session for zot-ci, not alex"):
        sign_in_at_registry(browser, place.profile, Answers(user="alex"))
    assert signed_in_as(browser, place.profile) is None


def test_a_user_whom_the_application_does_not_let_in_is_said(place: Place) -> None:
    with place.state.edit("provider") as document:
        document["bindings"] = [row for row in document["bindings"] if row["group"] != "artifact-workloads"]
    with pytest.raises(ActionFailed, match="instead of a redirect"):
        sign_in_at_registry(signed_in_window(place), place.profile, CI)


def test_an_address_that_the_provider_does_not_know_is_said(place: Place) -> None:
    edit_provider(place, redirect_uris=[{"matching_mode": "strict", "url": "http://elsewhere/"}])
    with pytest.raises(ActionFailed, match=r"answers 400 instead of a redirect"):
        sign_in_at_registry(signed_in_window(place), place.profile, CI)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "begins no sign-in: 404"),
        (400, "begins no sign-in: 400"),
        (500, "begins no sign-in: 500"),
    ],
)
def test_a_registry_without_sign_in_is_no_answer(status: int, said: str, place: Place) -> None:
    with tabled({"GET /zot/auth/login?provider=oidc": status}) as server, pytest.raises(Unreachable, match=said):
        begin_login(window(place), at(place, server.url))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("http://127.0.0.2:1/application/o/authorize/?x=1", "is not the identity provider"),
        ("/zot/auth/callback/oidc?error=access_denied&error_description=not+you", "not you"),
        ("/zot/auth/callback/oidc?state=1", "no code"),
        ("/elsewhere?code=1", "sends back to"),
    ],
)
def test_a_way_that_leads_elsewhere_is_not_gone(where: str, said: str, place: Place) -> None:
    login = (302, b"", {"Location": where})
    with tabled({"GET /zot/auth/login?provider=oidc": login}) as server, pytest.raises(ActionFailed, match=said):
        sign_in_at_registry(window(place), at(place, server.url), CI)


def at(place: Place, url: str) -> Any:
    return msgspec.structs.replace(place.profile, registry=msgspec.structs.replace(place.profile.registry, url=url))
