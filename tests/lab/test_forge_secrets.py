import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.forge_world import KEY, REPO, PracticeForge, must_match, needs_description, practice_forge

SECRETS = f"{REPO}/actions/secrets"
DESCRIBED = "/repos/{owner}/{repo}/actions/secrets"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeForge]:
    with practice_forge(tmp_path_factory.mktemp("forge") / "world") as forge:
        yield forge


@pytest.fixture
def forge(running: PracticeForge) -> PracticeForge:
    running.begin_anew()
    with running.state.edit("forge") as document:
        document["organizations"]["guild"] = ["practice"]
        scopes = ["write:repository", "write:organization", "write:user"]
        document["tokens"].append({"token": "all", "user": "practice", "scopes": scopes})
        document["tokens"].append({"token": "writes", "user": "reader", "scopes": scopes})
        document["repositories"]["practice/platform"]["collaborators"]["reader"] = "write"
    return running


def put(forge: PracticeForge, name: str = "ZOT_CI_API_KEY", data: object = KEY, place: str = SECRETS) -> int:
    return forge.ask("PUT", f"{place}/{name}", json={"data": data}, token="all").status_code


def listed(forge: PracticeForge, place: str = SECRETS) -> dict[str, str]:
    return {item["name"]: item["created_at"] for item in forge.ask("GET", place, token="all").json()}


def test_a_new_secret_is_created_and_an_old_one_updated(forge: PracticeForge) -> None:
    assert [put(forge), put(forge)] == [201, 204]


def test_no_answer_holds_a_value(forge: PracticeForge) -> None:
    put(forge)
    answer = forge.ask("GET", SECRETS)
    assert KEY not in answer.text
    assert {frozenset(item) for item in answer.json()} == {frozenset({"name", "created_at"})}


def test_an_update_keeps_the_time_of_creation(forge: PracticeForge) -> None:
    put(forge)
    with forge.state.edit("forge") as document:
        document["secrets"]["repo:practice/platform"]["ZOT_CI_API_KEY"]["created"] = time.time() - 5000
    before = listed(forge)
    put(forge, data="another")
    assert listed(forge) == before


def test_a_name_is_stored_in_capitals(forge: PracticeForge) -> None:
    assert put(forge, name="zot_ci_api_key") == 201
    assert "ZOT_CI_API_KEY" in listed(forge)
    assert put(forge) == 204


@pytest.mark.parametrize("name", ["GITEA_TOKEN", "github_token", "1ST", "WITH-DASH", "with.dot", "%C3%84"])
def test_a_bad_name_is_refused(forge: PracticeForge, name: str) -> None:
    assert put(forge, name=name) == 400


@pytest.mark.parametrize("data", ["", None, 5])
def test_a_body_without_a_value_is_refused(forge: PracticeForge, data: object) -> None:
    assert put(forge, data=data) == 400
    assert "ZOT_CI_API_KEY" not in listed(forge)


@pytest.mark.parametrize("body", [b"", b"not json", b"[]"])
def test_a_body_that_is_no_object_is_refused(forge: PracticeForge, body: bytes) -> None:
    assert forge.ask("PUT", f"{SECRETS}/A", content=body).status_code == 400


def test_a_value_is_kept_byte_for_byte(forge: PracticeForge) -> None:
    put(forge, data=f"{KEY}\n")
    stored = forge.stored()["secrets"]["repo:practice/platform"]
    assert stored["ZOT_CI_API_KEY"]["data"] == f"{KEY}\n"


def test_a_secret_is_deleted_once(forge: PracticeForge) -> None:
    put(forge)
    statuses = [forge.ask("DELETE", f"{SECRETS}/ZOT_CI_API_KEY").status_code for _ in range(2)]
    assert statuses == [204, 404]
    assert "ZOT_CI_API_KEY" not in listed(forge)


def test_one_who_may_write_to_the_repository_is_not_its_owner(forge: PracticeForge) -> None:
    answer = forge.ask("PUT", f"{SECRETS}/A", json={"data": "b"}, token="writes")
    assert (answer.status_code, answer.json()["message"]) == (403, "user should be the owner of the repo")


def test_secrets_survive_a_restart(tmp_path: Path) -> None:
    with practice_forge(tmp_path / "world") as before:
        before.put_key()
    with practice_forge(tmp_path / "world") as after:
        assert "ZOT_CI_API_KEY" in {item["name"] for item in after.ask("GET", SECRETS).json()}


def test_an_organization_and_a_user_have_secrets_of_their_own(forge: PracticeForge) -> None:
    assert put(forge, place="/orgs/guild/actions/secrets") == 201
    assert list(listed(forge, "/orgs/guild/actions/secrets")) == ["ZOT_CI_API_KEY"]
    assert put(forge, place="/user/actions/secrets") == 201
    assert put(forge, place="/user/actions/secrets") == 204
    assert "ZOT_CI_API_KEY" not in listed(forge)
    assert put(forge, place="/orgs/nobody/actions/secrets") == 404


def test_an_organization_listens_to_its_owners_only(forge: PracticeForge) -> None:
    assert forge.ask("GET", "/orgs/guild/actions/secrets", token="writes").status_code == 403
    assert forge.ask("GET", "/orgs/guild/actions/secrets").status_code == 403
    assert forge.ask("GET", "/orgs/guild/actions/secrets", token="").status_code == 401


def test_a_fault_can_store_an_empty_value_while_the_answer_is_as_ever(forge: PracticeForge) -> None:
    forge.turn_on(empty_secret=True)
    assert put(forge) == 201
    assert forge.stored()["secrets"]["repo:practice/platform"]["ZOT_CI_API_KEY"]["data"] == ""


@needs_description
def test_answers_have_the_published_shape(forge: PracticeForge) -> None:
    one = f"{DESCRIBED}/{{secretname}}"
    must_match("GET", DESCRIBED, forge.ask("GET", SECRETS))
    must_match("GET", DESCRIBED, forge.ask("GET", SECRETS, token=""))
    must_match("GET", DESCRIBED, forge.ask("GET", SECRETS, token="writes"))
    for body in ({"data": "a"}, {"data": "b"}, {}):
        must_match("PUT", one, forge.ask("PUT", f"{SECRETS}/NEW", json=body))
    for _ in range(2):
        must_match("DELETE", one, forge.ask("DELETE", f"{SECRETS}/NEW"))
    for token in ("all", "writes"):
        must_match("GET", "/orgs/{org}/actions/secrets", forge.ask("GET", "/orgs/guild/actions/secrets", token=token))
    own = "/user/actions/secrets/{secretname}"
    must_match("PUT", own, forge.ask("PUT", "/user/actions/secrets/A", json={"data": "b"}, token="all"))
    must_match("DELETE", own, forge.ask("DELETE", "/user/actions/secrets/A", token="all"))
