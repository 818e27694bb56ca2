import pytest

from tests.lab.provider_world import PASSWORDS, TOKEN, PracticeProvider
from zotops.lab.provider.recovery import UnknownUser, create_recovery_key


def path_of(provider: PracticeProvider, user: str) -> str:
    return f"/core/users/{provider.one('/core/users/', username=user)['pk']}/impersonate/"


def test_a_signed_in_superuser_can_act_as_the_ci_user_until_told_to_stop(provider: PracticeProvider) -> None:
    browser = provider.signed_in("akadmin")
    assert "original" not in browser.me()
    assert browser.api("POST", path_of(provider, "zot-ci"), json={"reason": "practice"}).status_code == 204
    me = browser.me()
    assert (me["user"]["username"], me["original"]["username"]) == ("zot-ci", "akadmin")
    assert provider.claims_of(browser)["preferred_username"] == "zot-ci"
    assert browser.api("GET", "/core/users/impersonate_end/").status_code == 204
    assert browser.me()["user"]["username"] == "akadmin"
    assert browser.api("GET", "/core/users/impersonate_end/").status_code == 204


def test_while_impersonating_the_rights_are_those_of_the_user(provider: PracticeProvider) -> None:
    browser = provider.signed_in("akadmin")
    browser.api("POST", path_of(provider, "zot-ci"), json={"reason": "practice"})
    assert browser.api("GET", "/core/users/").json()["results"] == []


def test_impersonation_works_even_for_an_inactive_user(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["users"]["zot-ci"]["is_active"] = False
    browser = provider.signed_in("akadmin")
    browser.api("POST", path_of(provider, "zot-ci"), json={"reason": "practice"})
    assert provider.claims_of(browser)["preferred_username"] == "zot-ci"


def test_the_event_keeps_the_reason_and_the_session_stays_the_admin_s(provider: PracticeProvider) -> None:
    browser = provider.signed_in("akadmin")
    browser.api("POST", path_of(provider, "zot-ci"), json={"reason": "because"})
    event = provider.stored()["events"][-1]
    assert (event["action"], event["context"]["reason"]) == ("impersonation_started", "because")
    listed = provider.admin("GET", "/core/authenticated_sessions/", params={"user__username": "zot-ci"}).json()
    assert listed["results"] == []


@pytest.mark.parametrize(
    ("user", "body", "status"),
    [("zot-ci", {}, 400), ("zot-ci", {"reason": ""}, 400), ("akadmin", {"reason": "r"}, 401)],
)
def test_no_reason_and_the_own_user_are_refused(
    provider: PracticeProvider, user: str, body: dict[str, str], status: int
) -> None:
    assert provider.signed_in("akadmin").api("POST", path_of(provider, user), json=body).status_code == status


def test_impersonation_may_be_off_the_user_unknown_or_the_right_missing(provider: PracticeProvider) -> None:
    path, body = path_of(provider, "zot-ci"), {"reason": "r"}
    assert provider.signed_in("akadmin").api("POST", "/core/users/999/impersonate/", json=body).status_code == 404
    assert provider.signed_in("alex").api("POST", path, json=body).status_code == 403
    with provider.edit() as document:
        document["login"]["impersonation"] = False
    assert provider.signed_in("akadmin").api("POST", path, json=body).status_code == 401


def test_with_an_api_token_alone_the_answer_is_204_but_no_sign_in_can_be_finished(provider: PracticeProvider) -> None:
    browser = provider.browser()
    token = {"Authorization": "Bearer token-of-the-superuser"}
    path = path_of(provider, "zot-ci")
    assert browser.api("POST", path, json={"reason": "practice"}, headers=token).status_code == 204
    assert browser.me()["user"]["username"] == "zot-ci"
    assert browser.authorize().headers["location"].startswith("/if/flow/default-authentication-flow/?")


def test_a_recovery_link_signs_in_without_password_once(provider: PracticeProvider) -> None:
    link = create_recovery_key(provider.folder, 5, "zot-ci").strip().splitlines()[-1]
    browser = provider.browser()
    used = browser.ask("GET", link)
    assert (used.status_code, used.headers["location"]) == (302, "/if/user/")
    assert browser.me()["user"]["username"] == "zot-ci"
    assert provider.claims_of(browser)["groups"] == ["artifact-workloads"]
    assert provider.browser().ask("GET", link).status_code == 404


def test_a_recovery_link_needs_no_second_factor(provider: PracticeProvider) -> None:
    provider.turn_on(force_mfa=True)
    link = create_recovery_key(provider.folder, 5, "zot-ci").strip().splitlines()[-1]
    assert provider.browser().ask("GET", link).status_code == 302


def test_a_recovery_link_ends_after_its_minutes(provider: PracticeProvider) -> None:
    link = create_recovery_key(provider.folder, -1, "zot-ci").strip().splitlines()[-1]
    assert provider.browser().ask("GET", link).status_code == 404


def test_an_api_token_s_key_is_no_recovery_link(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["tokens"]["practice-api"]["expires"] = "2099-01-01T00:00:00.000000Z"
    assert provider.browser().ask("GET", f"/recovery/use-token/{TOKEN}/").status_code == 404


def test_a_recovery_key_for_nobody_is_not_made(provider: PracticeProvider) -> None:
    with pytest.raises(UnknownUser, match="nobody"):
        create_recovery_key(provider.folder, 5, "nobody")
    assert list(provider.stored()["tokens"]) == ["practice-api"]


def test_the_recovery_call_is_refused_because_the_brand_has_no_flow(provider: PracticeProvider) -> None:
    pk = provider.one("/core/users/", username="zot-ci")["pk"]
    answer = provider.admin("POST", f"/core/users/{pk}/recovery/", json={"token_duration": "minutes=5"})
    assert (answer.status_code, answer.json()) == (400, {"non_field_errors": ["No recovery flow set."]})


def test_a_session_can_be_found_by_its_user_and_ended(provider: PracticeProvider) -> None:
    browser = provider.browser()
    browser.ask("GET", create_recovery_key(provider.folder, 5, "zot-ci").strip().splitlines()[-1])
    found = provider.one("/core/authenticated_sessions/", user__username="zot-ci")
    assert provider.admin("DELETE", f"/core/authenticated_sessions/{found['uuid']}/").status_code == 204
    assert provider.admin("DELETE", f"/core/authenticated_sessions/{found['uuid']}/").status_code == 404
    assert browser.api("GET", "/core/users/me/").status_code == 403
    assert browser.authorize().headers["location"].startswith("/if/flow/")


def test_a_person_sees_and_ends_only_own_sessions(provider: PracticeProvider) -> None:
    alex, guest = provider.signed_in("alex"), provider.signed_in("guest")
    (own,) = alex.api("GET", "/core/authenticated_sessions/").json()["results"]
    assert own["current"] is True
    assert guest.api("DELETE", f"/core/authenticated_sessions/{own['uuid']}/").status_code == 404
    assert alex.api("DELETE", f"/core/authenticated_sessions/{own['uuid']}/").status_code == 204
    assert provider.browser().sign_in("alex", PASSWORDS["alex"])["component"] == "xak-flow-redirect"
