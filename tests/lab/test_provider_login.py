import time

import pytest

from tests.lab.provider_world import LOGIN_FLOW, PASSWORDS, PracticeProvider
from zotops.lab.provider import mfa

EXECUTOR = f"/flows/executor/{LOGIN_FLOW}/"


def give_ci_a_password(provider: PracticeProvider) -> None:
    pk = provider.one("/core/users/", username="zot-ci")["pk"]
    assert provider.admin("POST", f"/core/users/{pk}/set_password/", json={"password": "for-ci"}).status_code == 204


def test_the_login_asks_for_the_name_then_for_the_password(provider: PracticeProvider) -> None:
    browser = provider.browser()
    first = browser.api("GET", EXECUTOR)
    assert (first.status_code, first.json()["component"]) == (200, "ak-stage-identification")
    assert first.json()["password_fields"] is False
    right = browser.api("POST", EXECUTOR, json={"uid_field": "alex"})
    assert (right.status_code, right.headers["location"]) == (302, f"/api/v3{EXECUTOR}?")
    assert browser.api("GET", EXECUTOR).json()["component"] == "ak-stage-password"


def test_a_wrong_password_is_200_and_the_same_challenge_with_the_error(provider: PracticeProvider) -> None:
    browser = provider.browser()
    browser.challenge({"uid_field": "alex"})
    wrong = browser.api("POST", EXECUTOR, json={"password": "wrong"})
    assert (wrong.status_code, wrong.json()["component"]) == (200, "ak-stage-password")
    assert wrong.json()["response_errors"]["password"][0]["code"] == "invalid"
    assert browser.challenge({"password": PASSWORDS["alex"]})["component"] == "xak-flow-redirect"


@pytest.mark.parametrize("user", ["nobody-of-that-name", "zot-ci"])
def test_a_wrong_name_and_a_user_without_password_both_fail_at_the_password(
    provider: PracticeProvider, user: str
) -> None:
    assert "response_errors" in provider.browser().sign_in(user, "whatever")


def test_an_inactive_user_cannot_log_in_and_a_session_of_one_is_worth_nothing(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    with provider.edit() as document:
        document["users"]["alex"]["is_active"] = False
    assert browser.api("GET", "/core/users/me/").status_code == 403
    assert browser.authorize().headers["location"].startswith("/if/flow/")
    assert "response_errors" in provider.browser().sign_in("alex", PASSWORDS["alex"])


def test_the_mail_address_is_a_name_too_in_any_case(provider: PracticeProvider) -> None:
    assert provider.browser().sign_in("Alex@Example.org", PASSWORDS["alex"])["component"] == "xak-flow-redirect"


def test_without_the_query_the_flow_ends_at_the_root_and_never_at_another_host(provider: PracticeProvider) -> None:
    assert provider.browser().sign_in("alex", PASSWORDS["alex"])["to"] == "/"
    assert provider.browser().sign_in("alex", PASSWORDS["alex"], "next=%2Fif%2Fuser%2F")["to"] == "/if/user/"
    for elsewhere in ("https://evil.example/", "//evil.example/"):
        assert provider.browser().sign_in("alex", PASSWORDS["alex"], f"next={elsewhere}")["to"] == "/"


def test_password_and_name_can_be_asked_together(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["login"]["password_with_user_name"] = True
    browser = provider.browser()
    assert browser.challenge()["password_fields"] is True
    assert browser.challenge({"uid_field": "alex", "password": "wrong"})["component"] == "ak-stage-identification"
    end = browser.challenge({"uid_field": "alex", "password": PASSWORDS["alex"]})
    assert end["component"] == "xak-flow-redirect"


def test_a_device_of_the_user_is_asked_for_after_the_password(provider: PracticeProvider) -> None:
    secret = mfa.new_secret()
    with provider.edit() as document:
        mfa.add_device(document, "alex", "totp", secret=secret)
    browser = provider.browser()
    shown = browser.sign_in("alex", PASSWORDS["alex"])
    assert shown["component"] == "ak-stage-authenticator-validate"
    assert [row["device_class"] for row in shown["device_challenges"]] == ["totp"]
    assert "response_errors" in browser.challenge({"code": "000000"})
    code = mfa.totp(secret, time.time())
    assert browser.challenge({"code": code})["component"] == "xak-flow-redirect"


def test_totp_codes_are_those_of_rfc_6238() -> None:
    assert mfa.totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1111111109) == "081804"


def test_a_device_that_was_never_confirmed_is_not_asked_for(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        mfa.add_device(document, "alex", "totp", secret=mfa.new_secret())
        document["devices"][0]["confirmed"] = False
    assert provider.browser().sign_in("alex", PASSWORDS["alex"])["component"] == "xak-flow-redirect"


def test_a_forced_second_factor_is_set_up_at_the_first_login_and_stays(provider: PracticeProvider) -> None:
    give_ci_a_password(provider)
    provider.turn_on(force_mfa="static")
    browser = provider.browser()
    shown = browser.sign_in("zot-ci", "for-ci")
    assert shown["component"] == "ak-stage-authenticator-static"
    assert browser.challenge({})["component"] == "xak-flow-redirect"
    pk = provider.one("/core/users/", username="zot-ci")["pk"]
    (device,) = provider.admin("GET", "/authenticators/admin/all/", params={"user": pk}).json()
    assert device["confirmed"] is True
    again = provider.browser()
    assert again.sign_in("zot-ci", "for-ci")["component"] == "ak-stage-authenticator-validate"
    assert again.challenge({"code": shown["codes"][0]})["component"] == "xak-flow-redirect"
    third = provider.browser()
    third.sign_in("zot-ci", "for-ci")
    assert "response_errors" in third.challenge({"code": shown["codes"][0]})


def test_setting_up_an_authenticator_wants_its_first_code(provider: PracticeProvider) -> None:
    give_ci_a_password(provider)
    provider.turn_on(force_mfa=True)
    browser = provider.browser()
    shown = browser.sign_in("zot-ci", "for-ci")
    assert shown["component"] == "ak-stage-authenticator-totp"
    assert shown["config_url"].startswith("otpauth://totp/")
    assert browser.challenge({"code": "000000"})["response_errors"]["code"]
    assert provider.stored()["devices"] == []
    with provider.edit() as document:
        (secret,) = {row["flow"]["secret"] for row in document["sessions"].values() if row["flow"]}
    assert browser.challenge({"code": mfa.totp(secret, time.time())})["component"] == "xak-flow-redirect"


def test_with_several_ways_to_enrol_one_is_chosen(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["login"].update(mfa="configure", enrol=["totp", "static"])
    browser = provider.browser()
    shown = browser.sign_in("alex", PASSWORDS["alex"])
    assert (shown["component"], shown["device_challenges"]) == ("ak-stage-authenticator-validate", [])
    chosen = shown["configuration_stages"][1]["pk"]
    assert browser.challenge({"selected_stage": chosen})["component"] == "ak-stage-authenticator-static"


def test_who_may_not_log_in_without_a_device_is_denied(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["login"]["mfa"] = "deny"
    browser = provider.browser()
    browser.challenge({"uid_field": "alex"})
    refused = browser.api("POST", EXECUTOR, json={"password": PASSWORDS["alex"]})
    assert (refused.status_code, refused.json()["component"]) == (200, "ak-stage-access-denied")
    assert browser.api("GET", "/core/users/me/").status_code == 403


def test_remember_me_is_asked_only_where_it_is_offered(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["login"]["remember_me"] = True
    browser = provider.browser()
    assert browser.sign_in("alex", PASSWORDS["alex"])["component"] == "ak-stage-user-login"
    assert browser.challenge({"remember_me": False})["component"] == "xak-flow-redirect"


def test_an_app_password_logs_in_as_a_password_does_but_is_no_api_token(provider: PracticeProvider) -> None:
    pk = provider.one("/core/users/", username="zot-ci")["pk"]
    body = {"identifier": "for-one-run", "intent": "app_password", "user": pk, "expiring": True}
    assert provider.admin("POST", "/core/tokens/", json=body).json()["user"] == pk
    key = provider.admin("GET", "/core/tokens/for-one-run/view_key/").json()["key"]
    assert provider.browser().sign_in("zot-ci", key)["component"] == "xak-flow-redirect"
    assert provider.admin("GET", "/core/users/me/", token=key).json() == {"detail": "Token invalid/expired"}
    with provider.edit() as document:
        document["tokens"]["for-one-run"]["expires"] = "2020-01-01T00:00:00.000000Z"
    assert "response_errors" in provider.browser().sign_in("zot-ci", key)
    assert provider.admin("DELETE", "/core/tokens/for-one-run/").status_code == 204
    assert "response_errors" in provider.browser().sign_in("zot-ci", key)


def test_an_unknown_flow_is_404(provider: PracticeProvider) -> None:
    assert provider.browser().api("GET", "/flows/executor/another-flow/").status_code == 404


def test_the_session_and_its_csrf_value_change_at_the_login(provider: PracticeProvider) -> None:
    browser = provider.browser()
    browser.challenge({"uid_field": "alex"})
    before = dict(browser.client.cookies)
    browser.challenge({"password": PASSWORDS["alex"]})
    after = dict(browser.client.cookies)
    assert before.keys() == after.keys() == {"authentik_session", "authentik_csrf"}
    assert not set(before.values()) & set(after.values())
    assert before["authentik_session"] not in provider.stored()["sessions"]


def test_cookies_are_lax_over_http_and_secure_over_https(provider: PracticeProvider) -> None:
    plain = provider.browser().api("GET", EXECUTOR).headers.get_list("set-cookie")
    behind_tls = provider.browser().api("GET", EXECUTOR, headers={"X-Forwarded-Proto": "https"})
    for cookie in plain:
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
    for cookie in behind_tls.headers.get_list("set-cookie"):
        assert "SameSite=none" in cookie
        assert "Secure" in cookie


def test_a_changing_call_of_a_session_needs_the_csrf_value(provider: PracticeProvider) -> None:
    browser = provider.signed_in("akadmin")
    pk = provider.one("/core/users/", username="zot-ci")["pk"]
    path, body = f"/core/users/{pk}/impersonate/", {"reason": "practice"}
    for wrong in ("", "another"):
        answer = browser.api("POST", path, json=body, headers={"X-authentik-CSRF": wrong})
        assert (answer.status_code, answer.json()["detail"][:11]) == (403, "CSRF Failed")
    https = {"X-Forwarded-Proto": "https"}
    assert browser.api("POST", path, json=body, headers=https).status_code == 403
    origin = provider.url.replace("http:", "https:")
    assert browser.api("POST", path, json=body, headers=https | {"Origin": origin}).status_code == 204


def test_a_post_to_the_flow_after_the_login_needs_the_csrf_value_too(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    answer = browser.api("POST", EXECUTOR, json={"uid_field": "alex"}, headers={"X-authentik-CSRF": "another"})
    assert answer.status_code == 403


def test_the_sign_out_flow_ends_the_session(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    assert browser.challenge(flow="default-invalidation-flow")["to"] == "/"
    assert browser.api("GET", "/core/users/me/").status_code == 403
