"""How a blueprint gets from a file into the provider, and what can keep it out."""

import hashlib
import json
import time
from typing import Any

import pytest

from tests.lab.provider_world import PATH, PracticeProvider, begin_anew
from zotops.lab.provider import blueprint

HALF_WRONG = """\
version: 1
entries:
  - model: authentik_core.group
    identifiers: {name: half-done}
  - model: authentik_core.user
    identifiers: {username: zot-ci}
    attrs: {groups: [!KeyOf nothing]}
"""


@pytest.fixture
def provider(served: PracticeProvider) -> PracticeProvider:
    """The open world: the old blueprint is applied."""
    begin_anew(served.folder, "open")
    return served


def sha512(text: str) -> str:
    return hashlib.sha512(text.encode()).hexdigest()


def instance(provider: PracticeProvider) -> dict[str, Any]:
    return provider.one("/managed/blueprints/", path=PATH)


def seen_by_worker(provider: PracticeProvider) -> str:
    rows = provider.admin("GET", "/managed/blueprints/available/").json()
    (found,) = [row for row in rows if row["path"] == PATH]
    assert found["meta"]["name"] == "Practice Zot SSO"
    return str(found["hash"])


def texts(provider: PracticeProvider) -> tuple[str, str]:
    world = json.loads((provider.folder / "world.json").read_text())
    return blueprint.old(world), blueprint.new(world)


def test_the_open_world_has_the_old_blueprint_and_nobody_for_ci(provider: PracticeProvider) -> None:
    old, _ = texts(provider)
    found = instance(provider)
    assert (found["status"], found["last_applied_hash"], found["name"]) == (
        "successful",
        sha512(old),
        "Practice Zot SSO",
    )
    assert seen_by_worker(provider) == sha512(old)
    assert provider.admin("GET", "/core/users/", params={"username": "zot-ci"}).json()["results"] == []
    assert [row["order"] for row in provider.admin("GET", "/policies/bindings/").json()["results"]] == [0]


def test_a_new_file_counts_from_when_it_is_visible_and_is_then_applied_by_itself(provider: PracticeProvider) -> None:
    old, new = texts(provider)
    provider.bring(new, visible_in=0.4)
    assert seen_by_worker(provider) == sha512(old)
    provider.until(lambda document: document["blueprints"][PATH]["last_applied_hash"] == sha512(new))
    assert seen_by_worker(provider) == sha512(new)
    assert provider.one("/core/users/", username="zot-ci")["groups_obj"][0]["name"] == "artifact-workloads"
    assert len(provider.admin("GET", "/policies/bindings/").json()["results"]) == 2


def test_a_file_with_an_unchanged_hash_is_not_applied_again(provider: PracticeProvider) -> None:
    old, _ = texts(provider)
    before = instance(provider)["last_applied"]
    provider.bring(old)
    time.sleep(0.3)
    assert instance(provider)["last_applied"] == before


def test_applying_on_request_only_queues_and_answers_with_the_old_object(provider: PracticeProvider) -> None:
    before = instance(provider)
    with provider.edit() as document:
        document["worker"]["environment"]["AUTHENTIK_ZOT_CLIENT_SECRET"] = "a-rotated-secret"
    answer = provider.admin("POST", f"/managed/blueprints/{before['pk']}/apply/")
    assert (answer.status_code, answer.json()) == (200, before)
    provider.until(lambda document: document["providers"]["Zot"]["client_secret"] == "a-rotated-secret")
    after = instance(provider)
    assert (after["last_applied_hash"], after["status"]) == (before["last_applied_hash"], "successful")
    assert after["last_applied"] > before["last_applied"]


@pytest.mark.parametrize(
    "broken",
    [
        "version: 1\nentries: [",
        "version: 1\nentries:\n  - model: authentik_core.group\n    attrs: {}\n",
        "version: 1\nentries:\n  - model: authentik_core.flow\n    identifiers: {slug: x}\n",
        "version: 1\nentries: [!Find 3]",
        "version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {name: !Find [3]}\n",
        HALF_WRONG,
    ],
)
def test_a_wrong_file_leaves_everything_as_it_was_and_keeps_the_old_hash(
    provider: PracticeProvider, broken: str
) -> None:
    old, _ = texts(provider)
    provider.bring(broken)
    document = provider.until(lambda document: document["blueprints"][PATH]["status"] == "error")
    assert document["blueprints"][PATH]["last_applied_hash"] == sha512(old)
    assert "half-done" not in document["groups"]
    assert document["blueprints"][PATH]["problem"]


def test_the_worker_can_be_stuck_with_the_old_file(provider: PracticeProvider) -> None:
    old, new = texts(provider)
    provider.turn_on(worker_stuck=True)
    provider.bring(new)
    time.sleep(0.3)
    assert seen_by_worker(provider) == instance(provider)["last_applied_hash"] == sha512(old)
    provider.turn_on()
    provider.until(lambda document: document["blueprints"][PATH]["last_applied_hash"] == sha512(new))


def test_the_worker_can_see_the_file_and_never_apply_it(provider: PracticeProvider) -> None:
    old, new = texts(provider)
    provider.turn_on(apply_stuck=True)
    provider.bring(new)
    provider.admin("POST", f"/managed/blueprints/{instance(provider)['pk']}/apply/")
    provider.until(lambda document: document["worker"]["files"][PATH] == new)
    time.sleep(0.3)
    assert (seen_by_worker(provider), instance(provider)["last_applied_hash"]) == (sha512(new), sha512(old))


def test_a_disabled_blueprint_is_not_applied(provider: PracticeProvider) -> None:
    old, new = texts(provider)
    with provider.edit() as document:
        document["blueprints"][PATH]["enabled"] = False
    provider.bring(new)
    provider.until(lambda document: document["worker"]["files"][PATH] == new)
    time.sleep(0.3)
    assert instance(provider)["last_applied_hash"] == sha512(old)


def test_applying_can_fail_and_is_tried_again_only_on_request(provider: PracticeProvider) -> None:
    _, new = texts(provider)
    provider.turn_on(apply_error=True)
    provider.bring(new)
    provider.until(lambda document: document["blueprints"][PATH]["status"] == "error")
    provider.turn_on()
    time.sleep(0.3)
    assert instance(provider)["status"] == "error"
    provider.admin("POST", f"/managed/blueprints/{instance(provider)['pk']}/apply/")
    provider.until(lambda document: document["blueprints"][PATH]["last_applied_hash"] == sha512(new))


def test_a_misspelt_filter_returns_every_instance(provider: PracticeProvider) -> None:
    rows = provider.admin("GET", "/managed/blueprints/", params={"file": PATH}).json()["results"]
    assert len(rows) == 3
