import json
import re

import pytest

from tests.lab.practice_world import Done, Practice, laid_out

HERE = ("--context=practice-k3s", "-n", "authentik")


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    return laid_out(tmp_path_factory.mktemp("kubectl") / "world", "hardened")


def test_a_recovery_key_is_made_in_the_worker_and_its_link_is_the_last_line(practice: Practice) -> None:
    words = ("exec", "deploy/authentik-worker", "--", "ak", "create_recovery_key", "10", "zot-ci")
    done = practice.run("kubectl", *HERE, *words)
    assert (done.code, done.err) == (0, "")
    link = re.fullmatch(r"/recovery/use-token/(\w+)/", done.out.splitlines()[-1])
    assert link
    tokens = practice.state.read("provider")["tokens"].values()
    assert [token["user"] for token in tokens if token["key"] == link[1]] == ["zot-ci"]


def test_an_unknown_user_is_told_on_stderr_and_the_exit_is_0(practice: Practice) -> None:
    words = ("exec", "deploy/authentik-worker", "--", "ak", "create_recovery_key", "10", "nobody")
    done = practice.run("kubectl", *HERE, *words)
    assert (done.code, done.out) == (0, "")
    assert "nobody" in done.err


def test_a_configmap_is_shown_as_json(practice: Practice) -> None:
    found = json.loads(practice.run("kubectl", *HERE, "get", "configmap", "authentik-blueprints", "-o", "json").out)
    assert found["metadata"] == {"name": "authentik-blueprints", "namespace": "authentik"}
    assert "service_account" in found["data"]["zot.yaml"]


def test_a_deployment_shows_its_ready_replicas(practice: Practice) -> None:
    found = json.loads(practice.run("kubectl", *HERE, "get", "deploy/authentik-worker", "-o", "json").out)
    assert found["status"]["readyReplicas"] == 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--context=prod", "-n", "authentik", "get", "cm", "x", "-o", "json"), 'error: context "prod" does not exist'),
        ((*HERE, "get", "cm", "x", "-o", "json"), 'Error from server (NotFound): configmaps "x" not found'),
        (
            ("--context=practice-k3s", "-n", "other", "exec", "deploy/authentik-worker", "--", "ak"),
            'Error from server (NotFound): deployments.apps "authentik-worker" not found',
        ),
    ],
)
def test_what_is_not_there_exits_1_in_kubectls_words(practice: Practice, words: tuple[str, ...], text: str) -> None:
    assert practice.run("kubectl", *words) == Done(1, "", f"{text}\n")


def test_the_applications_come_as_the_columns_that_were_asked_for(practice: Practice) -> None:
    columns = "custom-columns=NAME:.metadata.name,SYNC:.status.sync.status,NONE:.status.none"
    done = practice.run("kubectl", "--context=practice-k3s", "-n", "argocd", "get", "applications", "-o", columns)
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[:2] == [["NAME", "SYNC", "NONE"], ["authentik", "Synced", "<none>"]]
    bare = practice.run(
        *("kubectl", "--context=practice-k3s", "-n", "argocd", "get", "applications", "--no-headers", "-o", columns)
    )
    assert [line.split() for line in bare.out.splitlines()] == rows[1:]


def test_a_cluster_that_cannot_be_reached_is_named(practice: Practice) -> None:
    practice.quirk("kubectl", cluster_unreachable=True)
    done = practice.run("kubectl", *HERE, "get", "cm", "x", "-o", "json")
    practice.quirk("kubectl")
    assert done.code == 1
    assert done.err.startswith("The connection to the server 127.0.0.1:6443 was refused")


@pytest.mark.parametrize("words", [("delete", "cm", "x"), ("get", "pods", "-o", "json"), ("get", "cm", "-o", "yaml")])
def test_what_the_practice_world_leaves_out_is_said(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("kubectl", *HERE, *words)
    assert done.code == 64
    assert "not implemented by the practice world" in done.err


def test_a_restarted_worker_is_not_stuck_and_all_else_is_as_it_was(practice: Practice) -> None:
    practice.quirk("provider", worker_stuck=True, apply_stuck=True, group_case="title")
    done = practice.run("kubectl", *HERE, "rollout", "restart", "deploy/authentik-worker")
    assert (done.code, done.out) == (0, "deployment.apps/authentik-worker restarted\n")
    assert practice.state.read("quirks")["provider"] == {"group_case": "title"}
    assert practice.run("kubectl", *HERE, "rollout", "restart", "deploy/other").code == 1
    assert practice.run("kubectl", *HERE, "rollout", "undo", "deploy/authentik-worker").code == 64
    practice.quirk("provider")


def test_a_blueprint_that_is_not_there_or_that_the_worker_does_not_apply_is_not_applied(practice: Practice) -> None:
    words = ("exec", "deploy/authentik-worker", "--", "ak", "apply_blueprint")
    done = practice.run("kubectl", *HERE, *words, "custom/other.yaml")
    assert (done.code, done.err) == (1, "FileNotFoundError: /blueprints/custom/other.yaml\n")
    practice.quirk("provider", apply_stuck=True)
    assert practice.run("kubectl", *HERE, *words, "custom/zot.yaml").code == 64
    practice.quirk("provider")
