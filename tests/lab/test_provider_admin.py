from collections.abc import Iterator

import httpx
import pytest

from tests.lab import authentik_description
from tests.lab.provider_world import CALLBACK, CLIENT_SECRET, PracticeProvider, begin_anew, practice_provider

needs_description = pytest.mark.skipif(
    not authentik_description.FILE.is_file(), reason="the published description of the API (../shared/data) is not here"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProvider]:
    with practice_provider(tmp_path_factory.mktemp("provider") / "world") as running:
        yield running


@pytest.fixture
def provider(served: PracticeProvider) -> PracticeProvider:
    begin_anew(served.folder)
    return served


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


def test_the_ci_user_is_a_service_account_in_its_group_only(provider: PracticeProvider) -> None:
    user = provider.one("/core/users/", username="zot-ci")
    assert (user["type"], user["is_active"], user["is_superuser"], user["email"]) == (
        "service_account",
        True,
        False,
        "",
    )
    assert [group["name"] for group in user["groups_obj"]] == ["artifact-workloads"]
    assert user["groups"] == [user["groups_obj"][0]["pk"]]


def test_an_unknown_filter_is_ignored_and_returns_everybody(provider: PracticeProvider) -> None:
    rows = provider.admin("GET", "/core/users/", params={"user_name": "zot-ci"}).json()["results"]
    assert [row["username"] for row in rows] == ["akadmin", "alex", "guest", "zot-ci"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"type": "service_account"}, ["zot-ci"]),
        ({"groups_by_name": "admins"}, ["alex"]),
        ({"is_superuser": "true"}, ["akadmin"]),
        ({"is_active": "false"}, []),
        ({"search": "ALEX"}, ["alex"]),
        ({"username": "Alex"}, []),
    ],
)
def test_known_filters_of_users_count(provider: PracticeProvider, filters: dict[str, str], found: list[str]) -> None:
    rows = provider.admin("GET", "/core/users/", params=filters).json()["results"]
    assert [row["username"] for row in rows] == found


def test_lists_come_in_pages_and_the_last_one_has_no_next(provider: PracticeProvider) -> None:
    first = provider.admin("GET", "/core/users/", params={"page_size": 3}).json()["pagination"]
    last = provider.admin("GET", "/core/users/", params={"page_size": 3, "page": 2}).json()
    assert (first["next"], first["count"], first["total_pages"], first["end_index"]) == (2, 4, 2, 3)
    assert (last["pagination"]["next"], last["pagination"]["previous"], len(last["results"])) == (0, 1, 1)
    beyond = provider.admin("GET", "/core/users/", params={"page_size": 3, "page": 3})
    assert (beyond.status_code, beyond.json()) == (404, {"detail": "Invalid page."})


def test_a_group_names_its_members_on_request(provider: PracticeProvider) -> None:
    group = provider.one("/core/groups/", name="artifact-workloads", include_users="true")
    assert [user["username"] for user in group["users_obj"]] == ["zot-ci"]
    assert group["is_superuser"] is False
    assert provider.one("/core/groups/", members_by_username="alex")["name"] == "admins"
    assert provider.one("/core/groups/", name="admins", include_users="false")["users_obj"] is None


def test_access_is_checked_for_the_user_named_by_a_superuser(provider: PracticeProvider) -> None:
    path = "/core/applications/zot/check_access/"
    for user, passing in (("zot-ci", True), ("alex", True), ("guest", False), ("akadmin", False)):
        pk = provider.one("/core/users/", username=user)["pk"]
        assert provider.admin("GET", path, params={"for_user": pk}).json()["passing"] is passing, user
    assert provider.admin("GET", path, params={"for_user": 999}).status_code == 400


def test_who_is_no_superuser_silently_gets_the_answer_about_themselves(provider: PracticeProvider) -> None:
    pk = provider.one("/core/users/", username="guest")["pk"]
    answer = provider.signed_in("alex").api("GET", "/core/applications/zot/check_access/", params={"for_user": pk})
    assert answer.json()["passing"] is True


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


def test_the_bindings_of_the_application_are_the_two_groups_in_order(provider: PracticeProvider) -> None:
    target = provider.admin("GET", "/core/applications/zot/").json()["pk"]
    rows = provider.admin("GET", "/policies/bindings/", params={"target": target}).json()["results"]
    assert [(row["order"], row["group_obj"]["name"], row["enabled"], row["negate"]) for row in rows] == [
        (0, "admins", True, False),
        (1, "artifact-workloads", True, False),
    ]
    assert provider.admin("GET", "/policies/bindings/", params={"target": "another"}).json()["results"] == []


def test_the_provider_comes_with_its_secret_in_clear(provider: PracticeProvider) -> None:
    found = provider.one("/providers/oauth2/", client_id="zot")
    assert found["client_secret"] == CLIENT_SECRET
    assert found["redirect_uris"] == [{"matching_mode": "strict", "url": CALLBACK}]
    assert (found["client_type"], found["issuer_mode"], found["sub_mode"]) == (
        "confidential",
        "per_provider",
        "hashed_user_id",
    )
    assert found["signing_key"]
    mappings = provider.admin("GET", "/propertymappings/provider/scope/").json()["results"]
    names = {row["pk"]: row["scope_name"] for row in mappings}
    assert [names[pk] for pk in found["property_mappings"]] == ["openid", "email", "profile"]


def test_the_setup_addresses_follow_the_host_of_the_request(provider: PracticeProvider) -> None:
    answer = provider.admin("GET", "/providers/oauth2/1/setup_urls/", headers={"Host": "other.example"})
    assert answer.json()["issuer"] == "http://other.example/application/o/zot/"
    with provider.edit() as document:
        document["applications"]["zot"]["provider"] = None
    assert provider.admin("GET", "/providers/oauth2/1/setup_urls/").status_code == 404


def test_the_preview_is_what_the_sign_in_will_say(provider: PracticeProvider) -> None:
    pk = provider.one("/core/users/", username="zot-ci")["pk"]
    answer = provider.admin("GET", "/providers/oauth2/1/preview_user/", params={"for_user": pk})
    preview = answer.json()["preview"]
    assert (preview["preferred_username"], preview["groups"]) == ("zot-ci", ["artifact-workloads"])
    assert preview["iss"] == f"{provider.url}/application/o/zot/"
    assert provider.admin("GET", "/providers/oauth2/1/preview_user/", params={"for_user": 999}).status_code == 400


def test_setting_a_password_without_one_is_400_without_a_body(provider: PracticeProvider) -> None:
    answer = provider.admin("POST", "/core/users/7/set_password/", json={})
    assert (answer.status_code, answer.content) == (400, b"")
    forbidden = provider.signed_in("alex").api("POST", "/core/users/7/set_password/", json={"password": "p"})
    assert forbidden.status_code == 403


def test_a_token_has_a_name_of_its_own_and_others_create_for_themselves(provider: PracticeProvider) -> None:
    body = {"identifier": "mine", "intent": "app_password", "user": 4}
    browser = provider.signed_in("alex")
    made = browser.api("POST", "/core/tokens/", json=body)
    assert (made.status_code, made.json()["user_obj"]["username"]) == (201, "alex")
    assert browser.api("POST", "/core/tokens/", json=body).status_code == 400
    assert provider.signed_in("guest").api("GET", "/core/tokens/mine/view_key/").status_code == 404


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["practice-api", "one", "two", "for-alex"]),
        ({"user__username": "zot-ci"}, ["one", "two"]),
        ({"user__username": "zot-ci", "intent": "recovery"}, ["one"]),
        ({"identifier": "for-alex"}, ["for-alex"]),
        ({"intent": "verification"}, []),
        ({"user": "zot-ci", "intent": "recovery"}, ["one", "for-alex"]),
    ],
)
def test_tokens_are_listed_by_owner_and_intent(
    provider: PracticeProvider, filters: dict[str, str], found: list[str]
) -> None:
    for identifier, user, intent in (
        ("one", "zot-ci", "recovery"),
        ("two", "zot-ci", "app_password"),
        ("for-alex", "alex", "recovery"),
    ):
        pk = provider.one("/core/users/", username=user)["pk"]
        body = {"identifier": identifier, "intent": intent, "user": pk}
        assert provider.admin("POST", "/core/tokens/", json=body).status_code == 201
    rows = provider.admin("GET", "/core/tokens/", params=filters).json()["results"]
    assert [row["identifier"] for row in rows] == found
    assert all("key" not in row for row in rows)


def test_tokens_come_in_pages_only_ones_own_and_of_known_intents(provider: PracticeProvider) -> None:
    browser = provider.signed_in("alex")
    for number in range(3):
        assert browser.api("POST", "/core/tokens/", json={"identifier": f"mine-{number}"}).status_code == 201
    page = browser.api("GET", "/core/tokens/", params={"page_size": 2}).json()
    assert (page["pagination"]["count"], page["pagination"]["next"]) == (3, 2)
    assert [row["identifier"] for row in page["results"]] == ["mine-0", "mine-1"]
    strange = browser.api("GET", "/core/tokens/", params={"intent": "strange"})
    assert (strange.status_code, strange.json()) == (400, {"intent": ['"strange" is not a valid choice.']})


def test_what_is_not_played_is_said_to_be_so(provider: PracticeProvider) -> None:
    answer = provider.admin("GET", "/outposts/instances/")
    assert (answer.status_code, answer.json()) == (501, {"detail": "not implemented by the practice world"})
    assert provider.admin("DELETE", "/outposts/instances/1/").status_code == 501


def test_a_body_that_is_no_json_object_is_400(provider: PracticeProvider) -> None:
    for content in (b"{", b"[]"):
        answer = provider.admin("POST", "/core/users/7/set_password/", content=content)
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("switches", "groups"),
    [
        ({}, {"groups": ["artifact-workloads"]}),
        ({"group_claim": "roles"}, {"roles": ["artifact-workloads"]}),
        ({"group_case": "upper"}, {"groups": ["ARTIFACT-WORKLOADS"]}),
        ({"group_case": "title"}, {"groups": ["Artifact-Workloads"]}),
        ({"drop_groups": True}, {}),
    ],
)
def test_the_group_claim_can_be_broken_in_several_ways(
    provider: PracticeProvider, switches: dict[str, object], groups: dict[str, list[str]]
) -> None:
    provider.turn_on(**switches)
    pk = provider.one("/core/users/", username="zot-ci")["pk"]
    preview = provider.admin("GET", "/providers/oauth2/1/preview_user/", params={"for_user": pk}).json()["preview"]
    assert {name: preview[name] for name in ("groups", "roles") if name in preview} == groups


def test_the_preview_can_differ_from_the_sign_in(provider: PracticeProvider) -> None:
    provider.turn_on(preview_differs={"groups": ["artifact-workloads"]})
    preview = provider.admin("GET", "/providers/oauth2/1/preview_user/").json()["preview"]
    assert preview["groups"] == ["artifact-workloads"]
    assert provider.claims_of(provider.signed_in("alex"))["groups"] == ["admins"]


def test_the_issuer_can_lose_its_slash_everywhere_at_once(provider: PracticeProvider) -> None:
    provider.turn_on(issuer_without_slash=True)
    issuer = f"{provider.url}/application/o/zot"
    document = provider.browser().ask("GET", "/application/o/zot/.well-known/openid-configuration").json()
    assert document["issuer"] == issuer
    assert provider.admin("GET", "/providers/oauth2/1/setup_urls/").json()["issuer"] == issuer
    assert provider.admin("GET", "/providers/oauth2/1/preview_user/").json()["preview"]["iss"] == issuer


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
