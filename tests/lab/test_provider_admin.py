"""The provider's administration: in the described shape, for whom it knows, and what is not played."""

import httpx
import pytest

from tests import needs
from tests.lab import authentik_description
from tests.lab.provider_world import PracticeProvider

needs_description = needs.shared(authentik_description.FILE)


@needs_description
def test_every_described_read_answers_in_the_described_shape(provider: PracticeProvider) -> None:
    user = provider.one("/core/users/", username="zot-ci")["pk"]
    oauth = provider.one("/providers/oauth2/", client_id="zot")["pk"]
    blueprint = provider.one("/managed/blueprints/", path="custom/zot.yaml")["pk"]
    paths = [
        "/api/v3/admin/version/",
        "/api/v3/core/users/",
        "/api/v3/core/users/me/",
        f"/api/v3/core/users/{user}/",
        "/api/v3/core/groups/",
        "/api/v3/core/applications/zot/",
        "/api/v3/core/applications/zot/check_access/",
        "/api/v3/policies/bindings/",
        "/api/v3/providers/oauth2/",
        f"/api/v3/providers/oauth2/{oauth}/",
        f"/api/v3/providers/oauth2/{oauth}/preview_user/",
        f"/api/v3/providers/oauth2/{oauth}/setup_urls/",
        "/api/v3/propertymappings/provider/scope/",
        "/api/v3/managed/blueprints/",
        f"/api/v3/managed/blueprints/{blueprint}/",
        "/api/v3/managed/blueprints/available/",
        "/api/v3/authenticators/admin/all/",
        "/api/v3/core/authenticated_sessions/",
        "/api/v3/core/tokens/",
        "/application/o/zot/.well-known/openid-configuration",
        "/-/health/live/",
    ]
    with httpx.Client(base_url=provider.url, headers={"Authorization": "Bearer token-of-the-superuser"}) as client:
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert authentik_description.must_match(answer), path


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "Authentication credentials were not provided."),
        ({"Authorization": "Bearer made-up"}, "Token invalid/expired"),
        ({"Authorization": "Basic bWFkZTp1cA=="}, "Token invalid/expired"),
    ],
)
def test_who_is_not_known_is_refused_with_403(provider: PracticeProvider, headers: dict[str, str], detail: str) -> None:
    answer = provider.browser().api("GET", "/core/users/", headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"detail": detail})


def test_a_token_of_an_inactive_user_is_refused(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["users"]["akadmin"]["is_active"] = False
    assert provider.admin("GET", "/core/users/").json() == {"detail": "Token invalid/expired"}


def test_a_token_that_has_expired_is_refused(provider: PracticeProvider) -> None:
    with provider.edit() as document:
        document["tokens"]["practice-api"].update(expiring=True, expires="2020-01-01T00:00:00.000000Z")
    assert provider.admin("GET", "/core/users/").json() == {"detail": "Token invalid/expired"}


def test_lists_come_in_pages_and_the_last_one_has_no_next(provider: PracticeProvider) -> None:
    first = provider.admin("GET", "/core/users/", params={"page_size": 3}).json()["pagination"]
    last = provider.admin("GET", "/core/users/", params={"page_size": 3, "page": 2}).json()
    assert (first["next"], first["count"], first["total_pages"], first["end_index"]) == (2, 4, 2, 3)
    assert (last["pagination"]["next"], last["pagination"]["previous"], len(last["results"])) == (0, 1, 1)
    beyond = provider.admin("GET", "/core/users/", params={"page_size": 3, "page": 3})
    assert (beyond.status_code, beyond.json()) == (404, {"detail": "Invalid page."})


def test_who_is_no_superuser_sees_no_objects(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    for path in ("/core/users/", "/core/groups/", "/providers/oauth2/", "/policies/bindings/", "/managed/blueprints/"):
        assert browser.api("GET", path).json()["results"] == [], path
    for path in (
        "/core/applications/zot/",
        "/core/users/4/",
        "/providers/oauth2/1/",
        "/providers/oauth2/1/setup_urls/",
    ):
        assert browser.api("GET", path).status_code == 404, path
    for path in ("/managed/blueprints/available/", "/authenticators/admin/all/"):
        assert browser.api("GET", path).status_code == 403, path


def test_what_is_not_played_is_said_to_be_so(provider: PracticeProvider) -> None:
    answer = provider.admin("GET", "/outposts/instances/")
    assert (answer.status_code, answer.json()) == (501, {"detail": "not implemented by the practice world"})
    assert provider.admin("DELETE", "/outposts/instances/1/").status_code == 501


def test_a_body_that_is_no_json_object_is_400(provider: PracticeProvider) -> None:
    for content in (b"{", b"[]"):
        answer = provider.admin("POST", "/core/users/7/set_password/", content=content)
        assert answer.status_code == 400


def test_the_whole_provider_can_be_down(provider: PracticeProvider) -> None:
    provider.turn_on(down=True)
    for path in ("/-/health/live/", "/api/v3/core/users/", "/application/o/authorize/", "/if/user/"):
        assert httpx.get(provider.url + path).status_code == 503


def test_objects_can_carry_a_field_that_nobody_knows(provider: PracticeProvider) -> None:
    provider.turn_on(extra_field=True)
    headers = {"Authorization": "Bearer token-of-the-superuser"}
    found = httpx.get(f"{provider.url}/api/v3/core/users/", headers=headers).json()
    assert "practice_extra_field" in found
    assert all("practice_extra_field" in row for row in found["results"])
