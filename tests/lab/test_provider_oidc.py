import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.lab.provider_world import CALLBACK, CLIENT_SECRET, PASSWORDS, PracticeProvider

VERIFIER = "a-verifier-of-more-than-forty-three-characters-as-wanted"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(token: str, keys: dict[str, Any]) -> dict[str, Any]:
    """The claims of an RS256 token whose signature one of the published keys made; RFC 7515 by hand."""
    head, body, signature = token.split(".")
    header = json.loads(decoded(head))
    assert header["alg"] == "RS256"
    (key,) = [key for key in keys["keys"] if key["kid"] == header["kid"]]
    numbers = rsa.RSAPublicNumbers(int.from_bytes(decoded(key["e"])), int.from_bytes(decoded(key["n"])))
    numbers.public_key().verify(decoded(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), SHA256())
    claims: dict[str, Any] = json.loads(decoded(body))
    return claims


def test_discovery_has_an_issuer_with_a_slash_built_from_the_host_that_was_asked(provider: PracticeProvider) -> None:
    path = "/application/o/zot/.well-known/openid-configuration"
    assert provider.browser().ask("GET", path).json()["issuer"] == f"{provider.url}/application/o/zot/"
    elsewhere = provider.browser().ask("GET", path, headers={"Host": "id.practice.example"}).json()
    assert elsewhere["issuer"] == "http://id.practice.example/application/o/zot/"
    assert elsewhere["token_endpoint"] == "http://id.practice.example/application/o/token/"


def test_discovery_is_not_there_without_the_application_or_its_provider(provider: PracticeProvider) -> None:
    path = "/application/o/{}/.well-known/openid-configuration"
    assert provider.browser().ask("GET", path.format("another")).status_code == 404
    with provider.edit() as document:
        document["applications"]["zot"]["provider"] = None
    assert provider.browser().ask("GET", path.format("zot")).status_code == 404


def test_a_whole_code_flow_tells_who_signed_in(provider: PracticeProvider) -> None:
    browser = provider.browser()
    start = browser.authorize(nonce="the-nonce")
    page = urlsplit(start.headers["location"])
    assert (start.status_code, page.path) == (302, "/if/flow/default-authentication-flow/")
    end = browser.sign_in("alex", PASSWORDS["alex"], page.query)
    assert end["component"] == "xak-flow-redirect"
    back = browser.ask("GET", end["to"])
    assert back.headers["location"].startswith(CALLBACK + "?")
    answer = parse_qs(urlsplit(back.headers["location"]).query)
    assert answer["state"] == ["the-state"]
    tokens = provider.exchange(answer["code"][0]).json()
    found = provider.browser().ask("GET", "/application/o/zot/jwks/").json()
    claims = verified(tokens["id_token"], found)
    assert claims["iss"] == f"{provider.url}/application/o/zot/"
    assert (claims["aud"], claims["nonce"], claims["amr"]) == ("zot", "the-nonce", ["pwd"])
    userinfo = provider.userinfo(tokens)
    assert userinfo["preferred_username"] == "alex"
    assert userinfo["groups"] == ["admins"]
    assert userinfo["email_verified"] is False
    assert userinfo["sub"] == claims["sub"]


def test_the_client_may_also_authenticate_by_http_basic(provider: PracticeProvider) -> None:
    code = provider.signed_in("alex").code()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    browser = provider.browser(auth=("zot", CLIENT_SECRET))
    assert browser.ask("POST", "/application/o/token/", data=form).json()["token_type"] == "Bearer"


@pytest.mark.parametrize(("method", "challenge"), [("S256", CHALLENGE), ("plain", VERIFIER), ("", VERIFIER)])
def test_a_code_with_a_challenge_needs_its_verifier(provider: PracticeProvider, method: str, challenge: str) -> None:
    browser = provider.signed_in("alex")
    asked = {"code_challenge": challenge} | ({"code_challenge_method": method} if method else {})
    assert provider.exchange(browser.code(**asked), {"code_verifier": VERIFIER}).status_code == 200
    assert provider.exchange(browser.code(**asked), {"code_verifier": "another"}).json()["error"] == "invalid_grant"
    assert provider.exchange(browser.code(**asked)).json()["error"] == "invalid_grant"
    assert provider.exchange(browser.code(), {"code_verifier": VERIFIER}).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "another"}, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:1/elsewhere"}, "invalid_grant"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_is_400_with_its_code(provider: PracticeProvider, form: dict[str, str], error: str) -> None:
    answer = provider.exchange(provider.signed_in("alex").code(), form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_code_works_once_and_for_a_minute(provider: PracticeProvider) -> None:
    code = provider.signed_in("alex").code()
    assert provider.exchange(code).status_code == 200
    assert provider.exchange(code).json()["error"] == "invalid_grant"
    late = provider.signed_in("alex").code()
    with provider.edit() as document:
        document["codes"][late]["expires"] -= 61
    assert provider.exchange(late).json()["error"] == "invalid_grant"


def test_who_the_bindings_do_not_let_pass_sees_a_page_and_the_callback_hears_nothing(
    provider: PracticeProvider,
) -> None:
    answer = provider.signed_in("guest").authorize()
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert "Permission denied" in answer.text


def test_an_application_without_enabled_bindings_is_open_to_everybody(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        for binding in document["bindings"]:
            binding["enabled"] = False
    assert provider.claims_of(provider.signed_in("guest"))["groups"] == []


def test_mode_all_wants_every_binding_to_hold(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["applications"]["zot"]["policy_engine_mode"] = "all"
    assert provider.signed_in("alex").authorize().status_code == 200
    with provider.edit() as document:
        document["users"]["alex"]["groups"].append("artifact-workloads")
    assert provider.claims_of(provider.signed_in("alex"))["groups"] == ["admins", "artifact-workloads"]


def test_a_negated_binding_keeps_out_whom_it_names(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["bindings"][0]["negate"] = True
        document["bindings"][1]["enabled"] = False
    assert provider.signed_in("alex").authorize().status_code == 200
    assert provider.signed_in("guest").authorize().status_code == 302


def test_a_member_of_a_child_group_passes_but_carries_no_claim_of_the_parent(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        child = document["groups"]["admins"] | {"pk": "another", "num_pk": 99, "parents": ["admins"]}
        document["groups"]["night-shift"] = child
        document["users"]["guest"]["groups"] = ["night-shift"]
    assert provider.claims_of(provider.signed_in("guest"))["groups"] == ["night-shift"]


@pytest.mark.parametrize(
    ("parameters", "status", "text"),
    [
        ({"client_id": "another"}, 400, "client_id"),
        ({"redirect_uri": CALLBACK + "/"}, 400, "redirect"),
        ({"response_type": "token"}, 302, "error=unsupported_response_type"),
        ({"prompt": "none"}, 302, "error=login_required&state=the-state"),
    ],
)
def test_a_wrong_authorization_request_is_refused(
    provider: PracticeProvider, parameters: dict[str, str], status: int, text: str
) -> None:
    answer = provider.browser().authorize(**parameters)
    assert answer.status_code == status
    assert text in (answer.headers.get("location") or answer.text)


def test_a_redirect_address_may_be_a_regular_expression(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["providers"]["Zot"]["redirect_uris"] = [
            {"matching_mode": "regex", "url": r"http://127\.0\.0\.1:\d+/.*"}
        ]
    assert provider.browser().authorize().status_code == 302


def test_a_strict_redirect_address_is_no_pattern(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["providers"]["Zot"]["redirect_uris"] = [
            {"matching_mode": "strict", "url": r"http://127\.0\.0\.1:\d+/.*"}
        ]
    assert provider.browser().authorize().status_code == 400


def test_an_expired_session_leads_to_the_login_again(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    with provider.edit() as document:
        for session in document["sessions"].values():
            session["expires"] = "2020-01-01T00:00:00.000000Z"
    assert browser.authorize().headers["location"].startswith("/if/flow/")


def test_a_new_login_can_be_wanted_once(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    page = urlsplit(browser.authorize(prompt="login").headers["location"])
    assert page.path == "/if/flow/default-authentication-flow/"
    end = browser.sign_in("alex", PASSWORDS["alex"], page.query)
    assert browser.ask("GET", end["to"]).headers["location"].startswith(CALLBACK)


def test_only_scopes_of_the_provider_are_granted(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["providers"]["Zot"]["property_mappings"] = ["openid", "email"]
    tokens = provider.exchange(provider.signed_in("alex").code()).json()
    assert tokens["scope"] == "openid email"
    assert "groups" not in provider.userinfo(tokens)


def test_without_claims_in_the_id_token_userinfo_still_has_the_groups(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["providers"]["Zot"]["include_claims_in_id_token"] = False
    tokens = provider.exchange(provider.signed_in("alex").code()).json()
    assert "groups" not in json.loads(decoded(tokens["id_token"].split(".")[1]))
    assert provider.userinfo(tokens)["groups"] == ["admins"]


def test_without_a_signing_key_tokens_are_signed_with_the_client_secret(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["providers"]["Zot"]["signing_key"] = None
    tokens = provider.exchange(provider.signed_in("alex").code()).json()
    assert json.loads(decoded(tokens["id_token"].split(".")[0]))["alg"] == "HS256"
    assert provider.browser().ask("GET", "/application/o/zot/jwks/").json() == {"keys": []}


def test_userinfo_refuses_an_unknown_or_expired_token(provider: PracticeProvider) -> None:
    late = provider.exchange(provider.signed_in("alex").code()).json()["access_token"]
    with provider.edit() as document:
        document["access_tokens"][late]["expires"] -= 3600
    for token in ("made-up", late):
        headers = {"Authorization": f"Bearer {token}"}
        answer = provider.browser().ask("GET", "/application/o/userinfo/", headers=headers)
        assert answer.status_code == 401
        assert "invalid_token" in answer.headers["www-authenticate"]


def test_the_application_s_sign_out_ends_its_tokens_and_leaves_the_session(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    tokens = provider.exchange(browser.code()).json()
    out = browser.ask("GET", "/application/o/zot/end-session/")
    assert out.headers["location"].startswith("/if/flow/default-provider-invalidation-flow/")
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert provider.browser().ask("GET", "/application/o/userinfo/", headers=headers).status_code == 401
    assert browser.me()["user"]["username"] == "alex"


def test_explicit_consent_is_a_challenge_whose_token_has_to_be_echoed(provider: PracticeProvider) -> None:
    flow = "default-provider-authorization-explicit-consent"
    with provider.edit() as document:
        document["providers"]["Zot"]["authorization_flow"] = flow
    browser = provider.signed_in("alex")
    assert urlsplit(browser.authorize().headers["location"]).path == f"/if/flow/{flow}/"
    shown = browser.challenge(flow=flow)
    assert shown["component"] == "ak-stage-consent"
    assert "response_errors" in browser.challenge({"token": "made-up"}, flow=flow)
    end = browser.challenge({"token": shown["token"]}, flow=flow)
    assert end["to"].startswith(CALLBACK + "?code=")
