"""Users, groups and tokens at the provider."""

import pytest

from tests.lab.provider_world import PracticeProvider


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


def test_a_group_names_its_members_on_request(provider: PracticeProvider) -> None:
    group = provider.one("/core/groups/", name="artifact-workloads", include_users="true")
    assert [user["username"] for user in group["users_obj"]] == ["zot-ci"]
    assert group["is_superuser"] is False
    assert provider.one("/core/groups/", members_by_username="alex")["name"] == "admins"
    assert provider.one("/core/groups/", name="admins", include_users="false")["users_obj"] is None


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
