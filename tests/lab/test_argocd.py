import json
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from tests import needs
from tests.lab import argocd_description
from tests.lab.practice_world import Practice, laid_out
from zotops.lab import checkout

needs_description = needs.shared(argocd_description.FILE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    return laid_out(tmp_path_factory.mktemp("argocd") / "world")


@pytest.fixture
def practice(made: Practice, tmp_path: Path) -> Iterator[Practice]:
    kept = tmp_path / "cluster.json"
    shutil.copy(made.root / "state" / "cluster.json", kept)
    yield made
    shutil.copy(kept, made.root / "state" / "cluster.json")
    made.quirk("argocd")


def application(practice: Practice, *words: str) -> dict[str, Any]:
    done = practice.run("argocd", "app", "get", "authentik", "-o", "json", "--grpc-web", *words)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_before_the_sync_the_newest_commit_is_seen_and_not_applied(practice: Practice) -> None:
    newest, before, _ = checkout.commits(practice.world)
    status = application(practice, "--refresh")["status"]
    assert status["sync"]["status"] == "OutOfSync"
    assert status["sync"]["revision"] == newest
    assert status["operationState"]["syncResult"]["revision"] == before
    assert status["health"]["status"] == "Healthy"


def test_a_sync_proves_itself_in_every_field_once_it_is_healthy(practice: Practice) -> None:
    newest = checkout.commits(practice.world)[0]
    done = practice.run("argocd", "app", "sync", "authentik", "-o", "json", "--grpc-web", "--timeout", "30")
    assert done.code == 0
    assert json.loads(done.out)["status"]["health"]["status"] == "Progressing"
    assert practice.run("argocd", "app", "wait", "authentik", "--timeout", "20").code == 0
    found = application(practice, "--refresh")
    status = found["status"]
    assert found["spec"]["source"]["targetRevision"] == "main"
    assert (status["sync"]["status"], status["sync"]["revision"]) == ("Synced", newest)
    assert status["health"]["status"] == "Healthy"
    assert status["operationState"]["phase"] == "Succeeded"
    assert status["operationState"]["syncResult"]["revision"] == newest
    finished, compared = status["operationState"]["finishedAt"], status["reconciledAt"]
    assert datetime.fromisoformat(finished) <= datetime.fromisoformat(compared)
    assert "operation" not in found
    assert "conditions" not in status


def test_a_sync_brings_the_blueprint_to_the_worker_a_little_later(practice: Practice) -> None:
    assert "service_account" not in worker_file(practice)["text"]
    begun = time.time()
    practice.run("argocd", "app", "sync", "authentik")
    file = worker_file(practice)
    assert "service_account" in file["text"]
    assert file["visible_at"] >= begun + 0.3


def worker_file(practice: Practice) -> dict[str, Any]:
    file: dict[str, Any] = practice.state.read("cluster")["worker_files"]["custom/zot.yaml"]
    return file


def test_without_a_refresh_a_new_commit_is_not_seen(tmp_path: Path) -> None:
    practice = laid_out(tmp_path / "world")
    seen = application(practice)["status"]["sync"]["revision"]
    (practice.root / "checkout" / "note.md").write_text("new\n")
    newest = checkout.commit_and_push(practice.world, "Add a note")
    assert application(practice)["status"]["sync"]["revision"] == seen != newest
    assert application(practice, "--refresh")["status"]["sync"]["revision"] == newest


def test_a_one_time_sync_to_an_older_commit_keeps_the_target(practice: Practice) -> None:
    before = checkout.commits(practice.world)[1]
    assert practice.run("argocd", "app", "sync", "authentik", "--revision", before).code == 0
    found = application(practice)
    assert found["spec"]["source"]["targetRevision"] == "main"
    assert found["status"]["operationState"]["syncResult"]["revision"] == before
    assert application(practice, "--refresh")["status"]["sync"]["status"] == "OutOfSync"


def test_diff_exits_1_when_there_is_one_and_0_when_not(practice: Practice) -> None:
    done = practice.run("argocd", "app", "diff", "authentik")
    assert done.code == 1
    assert "+      type: service_account" in done.out
    practice.run("argocd", "app", "sync", "authentik")
    assert practice.run("argocd", "app", "diff", "authentik").code == 0


def test_wait_ends_with_20_when_its_time_is_over(practice: Practice) -> None:
    practice.quirk("argocd", stuck_progressing=True)
    done = practice.run("argocd", "app", "wait", "authentik", "--timeout", "1")
    assert done.code == 20
    assert 'timed out (1s) waiting for app \\"authentik\\" match desired state' in done.err


def test_a_missing_application_is_a_forbidden_one(practice: Practice) -> None:
    done = practice.run("argocd", "app", "get", "gone", "-o", "json")
    assert (done.code, done.out) == (20, "")
    assert json.loads(done.err)["msg"] == "rpc error: code = PermissionDenied desc = permission denied"


def test_the_live_configmap_comes_as_plain_json_and_no_match_as_nothing(practice: Practice) -> None:
    words = ("argocd", "app", "get-resource", "authentik", "--kind", "ConfigMap", "-o", "json", "--resource-name")
    found = json.loads(practice.run(*words, "authentik-blueprints").out)
    assert found["kind"] == "ConfigMap"
    assert found["data"]["zot.yaml"] == worker_file(practice)["text"]
    none = practice.run(*words, "gone")
    assert (none.code, none.out) == (0, "")


def test_who_is_signed_in_is_told_by_the_field_and_never_by_the_exit(practice: Practice) -> None:
    words = ("argocd", "account", "get-user-info", "-o", "json", "--grpc-web", "--server", "argocd.example")
    assert json.loads(practice.run(*words).out)["loggedIn"] is True
    token = practice.world["secrets"]["argocd_token"]
    assert json.loads(practice.run(*words, ARGOCD_AUTH_TOKEN=token).out)["loggedIn"] is True
    out = practice.run(*words, ARGOCD_AUTH_TOKEN="wrong")
    assert (out.code, json.loads(out.out)) == (0, {})
    assert "Logged In: false" in practice.run("argocd", "account", "get-user-info", ARGOCD_AUTH_TOKEN="wrong").out


@pytest.mark.parametrize(
    ("words", "answer"),
    [(("sync", "default/authentik"), "yes"), (("delete", "default/authentik"), "no"), (("sync", "other/app"), "no")],
)
def test_can_i_prints_the_answer_and_exits_0(practice: Practice, words: tuple[str, str], answer: str) -> None:
    done = practice.run("argocd", "account", "can-i", words[0], "applications", words[1])
    assert (done.code, done.out) == (0, f"{answer}\n")


@pytest.mark.parametrize("words", [("app", "sync", "authentik"), ("app", "get", "authentik", "-o", "json")])
def test_without_a_valid_token_everything_else_ends_with_20(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("argocd", *words, ARGOCD_AUTH_TOKEN="wrong")
    assert done.code == 20
    assert "code = Unauthenticated" in done.err


def test_a_fault_lets_the_copy_of_the_repository_lag_behind(practice: Practice) -> None:
    practice.quirk("argocd", sync_to_other_commit=True)
    before = checkout.commits(practice.world)[1]
    assert practice.run("argocd", "app", "sync", "authentik").code == 0
    practice.run("argocd", "app", "wait", "authentik")
    status = application(practice, "--refresh")["status"]
    assert status["sync"] == {**status["sync"], "status": "Synced", "revision": before}
    assert "service_account" not in worker_file(practice)["text"]


def test_a_fault_lets_somebody_else_sync_right_behind(practice: Practice) -> None:
    newest, before, _ = checkout.commits(practice.world)
    practice.quirk("argocd", somebody_syncs_newer=before)
    assert practice.run("argocd", "app", "sync", "authentik").code == 0
    practice.run("argocd", "app", "wait", "authentik")
    status = application(practice, "--refresh")["status"]
    assert (status["sync"]["status"], status["sync"]["revision"]) == ("Synced", newest)
    assert status["operationState"]["syncResult"]["revision"] == before


def test_a_fault_signs_out_while_the_old_state_is_still_shown(practice: Practice) -> None:
    practice.quirk("argocd", healthy_but_signed_out=True)
    assert practice.run("argocd", "account", "get-user-info", "-o", "json").out == "{}\n"
    assert application(practice)["status"]["health"]["status"] == "Healthy"
    assert practice.run("argocd", "app", "sync", "authentik").code == 20


CALLS = (
    ("app", "sync", "authentik", "-o", "json"),
    ("app", "get", "authentik", "-o", "json", "--refresh"),
    ("app", "wait", "authentik", "-o", "json", "--health"),
    (
        "app",
        "get-resource",
        "authentik",
        "--kind",
        "ConfigMap",
        "--resource-name",
        "authentik-blueprints",
        "-o",
        "json",
    ),
    ("account", "get-user-info", "-o", "json"),
    ("account", "can-i", "sync", "applications", "default/authentik"),
    ("version", "-o", "json"),
)
FIELDS = (
    *("status.sync.revision", "status.sync.status", "status.health.status", "status.reconciledAt", "status.sync"),
    *("status.operationState.phase", "status.operationState.finishedAt", "status.operationState.syncResult.revision"),
    *("spec.source.targetRevision", "spec.source.repoURL"),
)


@needs_description
@pytest.mark.parametrize("words", CALLS, ids=lambda words: " ".join(words[:2]))
def test_what_is_printed_has_the_published_shape(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("argocd", *words)
    assert argocd_description.must_match(words, done.code, done.out)


@needs_description
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_dropped_or_misspelt_is_noticed(practice: Practice, field: str) -> None:
    words = CALLS[1]
    for spelt in ("", "misspelt"):
        found = application(practice)
        *above, name = field.split(".")
        place = found
        for each in above:
            place = place[each]
        value = place.pop(name)
        place |= {spelt: value} if spelt else {}
        with pytest.raises(ValidationError):
            argocd_description.must_match(words, 0, json.dumps(found))


@pytest.mark.parametrize("words", [("app", "delete", "authentik"), ("app", "get", "authentik", "--show-params"), ()])
def test_what_the_practice_world_leaves_out_is_said(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("argocd", *words)
    assert done.code == 64
    assert "not implemented by the practice world" in done.err


def test_signing_in_again_ends_being_signed_out(practice: Practice) -> None:
    practice.quirk("argocd", healthy_but_signed_out=True)
    assert practice.run("argocd", "account", "can-i", "sync", "applications", "default/authentik").code == 20
    done = practice.run("argocd", "relogin")
    assert (done.code, done.out) == (0, "'practice' logged in successfully\n")
    assert practice.run("argocd", "account", "can-i", "sync", "applications", "default/authentik").out == "yes\n"
    assert practice.run("argocd", "relogin", "elsewhere").code == 64
