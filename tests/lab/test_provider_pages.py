import shutil
from typing import Any

from tests import needs
from tests.lab.provider_world import PASSWORDS, PracticeProvider

CHROMIUM = shutil.which("chromium")
LOGIN = "/if/flow/default-authentication-flow/"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def logged_in(provider: PracticeProvider, user: str) -> Any:
    browser = provider.browser()
    form = {"uid_field": user, "password": PASSWORDS[user]}
    done = browser.ask("POST", f"{LOGIN}?next=%2Fif%2Fadmin%2F", data=form)
    assert (done.status_code, done.headers["location"]) == (302, "/if/admin/")
    return browser


def csrf(browser: Any) -> dict[str, str]:
    return {"csrf": browser.client.cookies["authentik_csrf"]}


def test_every_page_says_that_it_is_practice(provider: PracticeProvider) -> None:
    browser = logged_in(provider, "akadmin")
    for path in (LOGIN, "/if/user/", "/if/admin/", "/recovery/use-token/none/"):
        assert "PRACTICE" in browser.ask("GET", path).text


def test_a_wrong_password_shows_the_form_again_with_the_error(provider: PracticeProvider) -> None:
    shown = provider.browser().ask("POST", LOGIN, data={"uid_field": "alex", "password": "wrong"})
    assert shown.status_code == 200
    assert "Invalid password" in shown.text
    assert 'name="password"' in shown.text


def test_pages_of_signed_in_users_send_strangers_to_the_login_and_back(provider: PracticeProvider) -> None:
    for path in ("/if/user/", "/if/admin/"):
        assert provider.browser().ask("GET", path).headers["location"] == f"{LOGIN}?next={path.replace('/', '%2F')}"


def test_only_a_superuser_sees_the_users(provider: PracticeProvider) -> None:
    assert logged_in(provider, "alex").ask("GET", "/if/admin/").status_code == 403
    alex = logged_in(provider, "alex")
    wanted = {"password": "for-ci"} | csrf(alex)
    assert alex.ask("POST", "/if/admin/users/7/password/", data=wanted).status_code == 403
    assert provider.stored()["users"]["zot-ci"]["password"] is None
    assert 'data-user="zot-ci"' in logged_in(provider, "akadmin").ask("GET", "/if/admin/").text


def test_names_are_escaped(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["users"]["guest"]["type"] = "<script>"
    assert "<script>" not in logged_in(provider, "akadmin").ask("GET", "/if/admin/").text


def test_the_impersonate_form_needs_a_reason_and_the_page_s_own_value(provider: PracticeProvider) -> None:
    browser = logged_in(provider, "akadmin")
    path = "/if/admin/users/7/impersonate/"
    assert browser.ask("POST", path, data={"reason": "practice"}).status_code == 403
    assert browser.ask("POST", path, data={"reason": ""} | csrf(browser)).status_code == 400
    assert browser.ask("POST", path, data={"reason": "practice"} | csrf(browser)).status_code == 303
    assert "akadmin is impersonating" in browser.ask("GET", "/if/user/").text
    assert browser.ask("POST", "/if/admin/impersonate-end/", data=csrf(browser)).status_code == 303
    assert browser.me()["user"]["username"] == "akadmin"


def test_a_password_can_be_set_by_hand(provider: PracticeProvider) -> None:
    browser = logged_in(provider, "akadmin")
    done = browser.ask("POST", "/if/admin/users/7/password/", data={"password": "for-ci"} | csrf(browser))
    assert done.status_code == 303
    assert provider.browser().sign_in("zot-ci", "for-ci")["component"] == "xak-flow-redirect"


def test_signing_out_leads_to_the_root(provider: PracticeProvider) -> None:
    browser = logged_in(provider, "alex")
    assert browser.ask("GET", "/if/flow/default-invalidation-flow/").headers["location"] == "/"
    assert browser.api("GET", "/core/users/me/").status_code == 403


@needs.program("chromium")
def test_a_person_impersonates_the_ci_user_in_a_real_browser(provider: PracticeProvider) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not needed where there is no browser

    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as chromium:
        page = chromium.new_page()
        page.goto(f"{provider.url}/if/admin/")
        page.get_by_label("Email or Username").fill("akadmin")
        page.get_by_label("Password").fill(PASSWORDS["akadmin"])
        page.get_by_role("button", name="Log in").click()
        row = page.locator("tr[data-user=zot-ci]")
        row.get_by_label("Reason").fill("practice")
        row.get_by_role("button", name="Impersonate").click()
        assert page.locator("#user").inner_text() == "zot-ci"
        page.get_by_role("button", name="Stop impersonation").click()
        assert page.url == f"{provider.url}/if/admin/"
