import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.forge_world import REPO, PracticeForge, must_match, needs_description, practice_forge


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeForge]:
    with practice_forge(tmp_path_factory.mktemp("forge") / "world") as running:
        with running.state.edit("forge") as document:
            document["tokens"] += [
                {"token": "reads", "user": "practice", "scopes": ["read:repository", "read:user"]},
                {"token": "stranger", "user": "reader", "scopes": ["write:repository"]},
            ]
            hidden = {**document["repositories"]["practice/platform"], "id": 2, "private": True}
            document["repositories"]["practice/hidden"] = hidden
        yield running


def test_the_version_is_told_to_anyone_and_shows_the_product(forge: PracticeForge) -> None:
    assert forge.ask("GET", "/version", token="").json() == {"version": "14.0.2+gitea-1.22.0"}


@pytest.mark.parametrize(
    ("asked", "token", "refusal"),
    [
        ("GET /user", "", "401 token is required"),
        ("GET /user", "made-up", "401 invalid username, password or token"),
        ("GET /user", "stranger", "403 token does not have at least one of required scope(s): [read:user]"),
        (f"GET {REPO}", "made-up", "401 invalid username, password or token"),
        ("GET /repos/practice/elsewhere", "", "404 The target couldn't be found."),
        ("GET /repos/practice/hidden", "stranger", "404 The target couldn't be found."),
        (f"GET {REPO}/actions/secrets", "", "401 token is required"),
        (f"GET {REPO}/actions/secrets", "stranger", "403 user should be the owner of the repo"),
        (
            f"PUT {REPO}/actions/secrets/A",
            "reads",
            "403 token does not have at least one of required scope(s): [write:repository]",
        ),
    ],
)
def test_a_call_without_the_right_to_it_is_refused_in_the_forges_words(
    forge: PracticeForge, asked: str, token: str, refusal: str
) -> None:
    answer = forge.ask(*asked.split(), token=token)
    assert f"{answer.status_code} {answer.json()['message']}" == refusal
    assert set(answer.json()) >= {"message", "url"}


@pytest.mark.parametrize("header", ["token reads", "Token reads", "bearer reads", "Bearer reads"])
def test_a_token_is_taken_as_token_and_as_bearer(forge: PracticeForge, header: str) -> None:
    answer = forge.client.get("/api/v1/user", headers={"Authorization": header})
    assert answer.json()["login"] == "practice"


def test_a_password_or_a_token_in_the_address_is_not_taken(forge: PracticeForge) -> None:
    basic = "Basic " + base64.b64encode(b"practice:reads").decode()
    assert forge.client.get("/api/v1/user", headers={"Authorization": basic}).status_code == 401
    assert forge.client.get("/api/v1/user", params={"token": "reads"}).status_code == 401


def test_a_public_repository_is_shown_to_anyone_with_what_they_may_do(forge: PracticeForge) -> None:
    anyone, owner = (forge.ask("GET", REPO, token=token).json() for token in ("", "reads"))
    assert anyone["permissions"] == {"admin": False, "push": False, "pull": True}
    assert owner["permissions"] == {"admin": True, "push": True, "pull": True}
    assert (anyone["full_name"], anyone["default_branch"]) == ("practice/platform", "main")


@needs_description
@pytest.mark.parametrize(
    ("path", "described", "token"),
    [
        ("/version", "/version", ""),
        ("/user", "/user", "reads"),
        ("/user", "/user", ""),
        ("/user", "/user", "stranger"),
        (REPO, "/repos/{owner}/{repo}", "reads"),
        ("/repos/practice/elsewhere", "/repos/{owner}/{repo}", "reads"),
    ],
)
def test_answers_have_the_published_shape(forge: PracticeForge, path: str, described: str, token: str) -> None:
    must_match("GET", described, forge.ask("GET", path, token=token))


def test_commits_are_listed_newest_first_with_their_message_and_time(forge: PracticeForge) -> None:
    first = forge.ask("GET", f"{REPO}/commits", token="", params={"sha": "main"}).json()[0]["sha"]
    second = forge.commit({"README.md": "two\n"}, 'Second\n\nWith a body; and "marks".')
    answer = forge.ask("GET", f"{REPO}/commits", token="", params={"sha": "main", "limit": 2})
    newest, older = answer.json()
    assert (newest["sha"], older["sha"]) == (second, first)
    assert newest["commit"]["message"] == 'Second\n\nWith a body; and "marks".\n'
    assert newest["parents"][0]["sha"] == first
    assert newest["created"][:2] == "20"
    assert int(answer.headers["X-Total-Count"]) >= 2


def test_commits_come_in_pages_and_can_be_asked_for_one_path(forge: PracticeForge) -> None:
    other = forge.commit({"docs/page.md": "hello\n"})
    forge.commit({"README.md": "three\n"})
    one = forge.ask("GET", f"{REPO}/commits", params={"sha": "main", "path": "docs/page.md"}).json()
    assert [entry["sha"] for entry in one] == [other]
    page = forge.ask("GET", f"{REPO}/commits", params={"sha": "main", "limit": 1, "page": 2}).json()
    assert [entry["sha"] for entry in page] == [other]


def test_commits_of_an_unknown_branch_are_not_found(forge: PracticeForge) -> None:
    assert forge.ask("GET", f"{REPO}/commits", params={"sha": "no-such-branch"}).status_code == 404
    assert forge.ask("GET", f"{REPO}/commits", params={"sha": "--all"}).status_code == 404
    assert forge.ask("GET", f"{REPO}/commits", params={"sha": "main~0"}).status_code == 404


def test_a_file_is_given_as_it_was_in_the_commit_that_is_asked_for(forge: PracticeForge) -> None:
    old = forge.commit({"deep/file.txt": "old\n"})
    new = forge.commit({"deep/file.txt": "new\n"})
    path = f"{REPO}/raw/deep/file.txt"
    texts = [forge.ask("GET", path, token="", params={"ref": ref}).text for ref in (old, new, "main")]
    assert texts == ["old\n", "new\n", "new\n"]
    assert forge.ask("GET", path, token="").text == "new\n"
    assert forge.ask("GET", f"{REPO}/raw/deep/none.txt", token="").status_code == 404
    assert forge.ask("GET", path, token="", params={"ref": "0" * 40}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/api/v1{REPO}/pulls"),
        ("GET", f"/api/v1{REPO}/actions/secrets/ZOT_CI_API_KEY"),
        ("GET", "/api/v1/user/actions/secrets"),
        ("POST", "/api/v1/version"),
        ("GET", "/practice/platform"),
    ],
)
def test_what_the_practice_world_does_not_have_says_so(forge: PracticeForge, method: str, path: str) -> None:
    answer = forge.client.request(method, path)
    assert answer.status_code == 501
    assert answer.json() == {"message": "not implemented by the practice world", "url": ""}


def test_git_is_not_led_by_the_operators_own_settings(
    forge: PracticeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[not a configuration\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert forge.ask("GET", f"{REPO}/commits").status_code == 200
