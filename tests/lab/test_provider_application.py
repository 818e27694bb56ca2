"""The application at the provider: who passes, where it is set up, and what a sign-in will say."""

import pytest

from tests.lab.provider_world import CALLBACK, CLIENT_SECRET, PracticeProvider


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
