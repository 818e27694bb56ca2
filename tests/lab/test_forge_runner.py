import json
import os
import shutil
import stat
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.lab.forge_world import KEY, REPO, PracticeForge, git, practice_forge
from tests.lab.recording_registry import Registry, recording_registry
from zotops.lab.forge import workflows

DAGGER, NIX = "build-container.yaml", "build-container-nix.yaml"
IMAGE = "practice/nettest"
BOTH = pytest.mark.parametrize(("workflow", "suffix"), [(DAGGER, ""), (NIX, "-nix")])
needs_skopeo = pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PracticeForge, Registry]]:
    with (
        recording_registry() as registry,
        practice_forge(tmp_path_factory.mktemp("forge") / "world", registry=registry.url) as forge,
    ):
        yield forge, registry


@pytest.fixture
def registry(place: tuple[PracticeForge, Registry]) -> Registry:
    """Empty, and open to everybody's reading and to the key's pushing."""
    registry = place[1]
    registry.empty()
    registry.key = ("zot-ci", KEY)
    return registry


@pytest.fixture
def forge(place: tuple[PracticeForge, Registry], registry: Registry) -> PracticeForge:
    """As new, with the key in place and no skopeo on the runner."""
    del registry
    forge = place[0]
    forge.begin_anew()
    shutil.rmtree(forge.folder / "bin", ignore_errors=True)
    (forge.folder / "bin").mkdir()
    forge.commit(files_of(forge))
    forge.put_key()
    return forge


def files_of(forge: PracticeForge, **options: bool) -> dict[str, str]:
    return workflows.files(json.loads((forge.folder / "world.json").read_text()), **options)


def built(forge: PracticeForge, workflow: str = DAGGER, **inputs: str) -> dict[str, Any]:
    return forge.finished(forge.dispatch(workflow, **inputs))


def head(forge: PracticeForge) -> str:
    return git(forge.folder / "forge" / "platform.git", "rev-parse", "main").strip()


@BOTH
def test_a_build_pushes_the_commit_that_was_asked_for(
    forge: PracticeForge, registry: Registry, workflow: str, suffix: str
) -> None:
    wanted = head(forge)
    forge.commit({"README.md": "newer\n"})
    run = built(forge, workflow, ref=wanted)
    assert run["status"] == "success"
    assert registry.tags(IMAGE) == {f"v0.1.0-{wanted[:7]}{suffix}"}


def test_the_two_paths_push_different_images(forge: PracticeForge, registry: Registry) -> None:
    for workflow in (DAGGER, NIX):
        built(forge, workflow, ref=head(forge))
    assert len(registry.manifests) == 2
    assert len({content for _, content in registry.manifests.values()}) == 2


def test_without_a_commit_the_newest_of_the_dispatched_branch_is_built(
    forge: PracticeForge, registry: Registry
) -> None:
    built(forge)
    assert registry.tags(IMAGE) == {f"v0.1.0-{head(forge)[:7]}"}


def test_a_branch_name_goes_into_the_tag_as_it_is(forge: PracticeForge, registry: Registry) -> None:
    built(forge, ref="main")
    assert registry.tags(IMAGE) == {"v0.1.0-main"}


def test_an_unknown_commit_is_a_failed_build(forge: PracticeForge, registry: Registry) -> None:
    run = built(forge, ref="f" * 40)
    assert run["status"] == "failure"
    assert "couldn't find remote ref" in run["log"][-1]
    assert not registry.manifests


def test_the_nix_path_prefers_its_own_version_and_falls_back_to_the_dockerfiles(
    forge: PracticeForge, registry: Registry
) -> None:
    built(forge, NIX, ref="main")
    forge.commit({"containers/nettest/default.nix": '{ }:\n{ version = "2.5"; }\n'})
    built(forge, NIX, ref="main")
    assert registry.tags(IMAGE) == {"v0.1.0-main-nix", "v2.5-main-nix"}


def test_a_container_without_a_version_is_a_failed_build(forge: PracticeForge) -> None:
    forge.commit({"containers/nettest/Dockerfile": "FROM scratch\n"})
    assert "names no version" in built(forge)["log"][-1]


@BOTH
def test_a_container_without_a_recipe_ends_green_and_pushes_nothing(
    forge: PracticeForge, registry: Registry, workflow: str, suffix: str
) -> None:
    del suffix
    forge.commit({"containers/nettest/Dockerfile": None, "containers/nettest/default.nix": None})
    run = built(forge, workflow)
    assert run["status"] == "success"
    assert "skipping" in run["log"][-1]
    assert registry.requests == []


@BOTH
def test_an_open_registry_takes_the_push_whatever_the_secret_is(
    forge: PracticeForge, registry: Registry, workflow: str, suffix: str
) -> None:
    del suffix
    registry.key = None
    forge.put_key("nonsense")
    assert built(forge, workflow)["status"] == "success"
    assert len(registry.manifests) == 1


@pytest.mark.parametrize(
    ("workflow", "value", "words"),
    [
        (DAGGER, "wrong", "401 Unauthorized"),
        (NIX, "wrong", "unauthorized: authentication required"),
        (DAGGER, f"{KEY}\n", "401 Unauthorized"),
        (NIX, f"{KEY}\n", "unauthorized: authentication required"),
        (DAGGER, "", "no basic auth credentials"),
        (NIX, "", "unauthorized: authentication required"),
    ],
)
def test_a_secret_that_is_not_the_key_fails_the_build(
    forge: PracticeForge, registry: Registry, workflow: str, value: str, words: str
) -> None:
    forge.turn_on(empty_secret=not value)
    forge.put_key(value or KEY)
    run = built(forge, workflow)
    assert run["status"] == "failure"
    assert words in run["log"][-1]
    assert not registry.manifests


def test_without_any_secret_the_job_gets_an_empty_one(forge: PracticeForge) -> None:
    forge.ask("DELETE", f"{REPO}/actions/secrets/ZOT_CI_API_KEY")
    assert "no basic auth credentials" in built(forge)["log"][-1]


def test_the_repositorys_secret_hides_its_owners(forge: PracticeForge) -> None:
    with forge.state.edit("forge") as document:
        place = document["secrets"]["repo:practice/platform"]
        document["secrets"]["user:practice"] = {"ZOT_CI_API_KEY": place.pop("ZOT_CI_API_KEY")}
    assert built(forge)["status"] == "success"
    forge.put_key("wrong")
    assert built(forge, ref="main")["status"] == "failure"


def test_building_a_commit_again_passes_with_daggers_client_and_fails_with_skopeo(forge: PracticeForge) -> None:
    commit = head(forge)
    assert [built(forge, DAGGER, ref=commit)["status"] for _ in range(2)] == ["success", "success"]
    again = [built(forge, NIX, ref=commit) for _ in range(2)]
    assert [run["status"] for run in again] == ["success", "failure"]
    assert "denied: requested access to the resource is denied" in again[1]["log"][-1]


def test_a_registry_that_is_gone_is_a_failed_build(forge: PracticeForge, registry: Registry) -> None:
    del registry
    facts = forge.folder / "world.json"
    kept = facts.read_text()
    try:
        facts.write_text(kept.replace(json.loads(kept)["registry"]["url"], "http://127.0.0.1:1"))
        with practice_forge(forge.folder) as other:
            assert "refused" in other.finished(other.dispatch())["log"][-1]
    finally:
        facts.write_text(kept)


@needs_skopeo
def test_the_nix_path_uses_skopeo_when_the_runner_has_it(forge: PracticeForge, registry: Registry) -> None:
    (forge.folder / "bin" / "skopeo").symlink_to(str(shutil.which("skopeo")))
    run = built(forge, NIX, ref=head(forge))
    assert (run["status"], run["pushed_with"]) == ("success", "skopeo")
    assert len(registry.manifests) == 1
    forge.put_key("wrong")
    assert "unauthorized: authentication required" in built(forge, NIX, ref="main")["log"][-1]


def test_skopeo_sees_the_worlds_environment_only_and_no_key_in_its_arguments(
    forge: PracticeForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OP_SESSION", "the operator's")
    witness = forge.folder / "witness"
    program = forge.folder / "bin" / "skopeo"
    program.write_text(f'#!/bin/sh\necho "$@" > {witness}\n/usr/bin/env >> {witness}\necho {KEY} >&2\nexit 1\n')
    program.chmod(stat.S_IRWXU)
    run = built(forge, NIX)
    seen = witness.read_text()
    assert "--dest-authfile" in seen
    assert KEY not in seen
    assert f"HOME={forge.folder}/home" in seen
    assert "OP_SESSION" not in seen
    assert run["log"][-1] == "***"


def test_without_skopeo_the_run_says_what_pushed_instead(forge: PracticeForge) -> None:
    assert "own pusher" in built(forge, NIX)["pushed_with"]
    assert "Dagger" in built(forge, DAGGER)["pushed_with"]


def test_a_run_is_running_before_it_has_ended_and_its_jobs_are_tasks(forge: PracticeForge) -> None:
    with forge.state.edit("forge") as document:
        document["build_seconds"] = 0.5
    number = forge.dispatch()
    forge.until(number, lambda run: run["status"] == "running")
    shown = forge.ask("GET", f"{REPO}/actions/runs/{number}").json()
    assert shown["stopped"] == "1970-01-01T00:00:00Z"
    tasks = forge.ask("GET", f"{REPO}/actions/tasks").json()["workflow_runs"]
    assert [(task["name"], task["status"]) for task in tasks[:2]] == [("build", "running"), ("detect", "running")]
    forge.finished(number)
    shown = forge.ask("GET", f"{REPO}/actions/runs/{number}").json()
    assert shown["status"] == "success"
    assert 0.4e9 < shown["duration"] < 30e9


def test_runs_of_one_label_wait_for_each_other_and_of_two_labels_do_not(forge: PracticeForge) -> None:
    with forge.state.edit("forge") as document:
        document["build_seconds"] = 0.3
    first, second, other = forge.dispatch(), forge.dispatch(ref="main"), forge.dispatch(NIX)
    runs = {number: forge.finished(number) for number in (first, second, other)}
    assert runs[second]["started"] >= runs[first]["stopped"]
    assert runs[other]["started"] < runs[first]["stopped"]


def test_a_run_whose_label_no_runner_has_stays_waiting(forge: PracticeForge) -> None:
    text = "on: {workflow_dispatch: {inputs: {container: }}}\njobs: {build: {runs-on: elsewhere, steps: []}}\n"
    forge.commit({".forgejo/workflows/other.yaml": text})
    number = forge.dispatch("other.yaml")
    built(forge)
    assert forge.run_stored(number)["status"] == "waiting"


def test_a_held_run_goes_on_as_soon_as_the_fault_is_gone(forge: PracticeForge) -> None:
    forge.turn_on(stuck_waiting=True)
    number = forge.dispatch()
    time.sleep(0.1)
    assert forge.run_stored(number)["status"] == "waiting"
    forge.turn_on()
    assert forge.finished(number)["status"] == "success"


def test_what_a_stopped_forge_left_running_is_built_after_its_restart(forge: PracticeForge) -> None:
    forge.turn_on(stuck_waiting=True)
    number = forge.dispatch()
    with forge.state.edit("forge") as document:
        document["runs"][-1]["status"] = "running"
    forge.turn_on()
    with practice_forge(forge.folder):
        assert forge.finished(number)["status"] == "success"


def test_a_job_that_breaks_is_red_and_its_runner_lives_on(forge: PracticeForge) -> None:
    number = forge.commit({".forgejo/workflows/bare.yaml": "on: workflow_dispatch\njobs: {a: {runs-on: dagger}}\n"})
    assert number
    assert built(forge, "bare.yaml")["status"] == "failure"
    assert built(forge)["status"] == "success"


@BOTH
def test_a_fault_can_make_a_build_green_without_a_push(
    forge: PracticeForge, registry: Registry, workflow: str, suffix: str
) -> None:
    del suffix
    forge.turn_on(green_without_push=True)
    assert built(forge, workflow)["status"] == "success"
    assert registry.requests == []


def test_a_fault_can_let_a_run_fail_while_its_push_goes_on(forge: PracticeForge, registry: Registry) -> None:
    with forge.state.edit("forge") as document:
        document["build_seconds"] = 0.5
    forge.turn_on(early_failure=True)
    number = forge.dispatch()
    run = forge.until(number, lambda run: run["status"] != "waiting")
    assert [job["status"] for job in run["jobs"]] == ["failure", "running"]
    assert not registry.manifests
    run = forge.finished(number)
    assert (run["status"], run["jobs"][1]["status"]) == ("failure", "success")
    assert len(registry.manifests) == 1


def test_a_fault_can_take_skopeos_credentials_away(forge: PracticeForge) -> None:
    forge.turn_on(skopeo_without_credentials=True)
    assert "unauthorized: authentication required" in built(forge, NIX)["log"][-1]
    assert built(forge, DAGGER)["status"] == "success"


def test_a_fault_can_push_to_another_repository(forge: PracticeForge, registry: Registry) -> None:
    forge.turn_on(wrong_repository=True)
    assert built(forge)["status"] == "success"
    assert registry.tags(IMAGE) == set()
    assert len(registry.tags(f"{IMAGE}-elsewhere")) == 1


def test_the_secret_is_nowhere_in_the_run(forge: PracticeForge) -> None:
    for workflow in (DAGGER, NIX):
        assert KEY not in json.dumps(built(forge, workflow))


def test_both_workflows_name_the_secret_and_the_user(forge: PracticeForge) -> None:
    files = files_of(forge)
    for workflow in (DAGGER, NIX):
        text = files[f".forgejo/workflows/{workflow}"]
        assert "secrets.ZOT_CI_API_KEY" in text
        assert "zot-ci" in text
        assert "@" not in text.replace("actions/checkout@v4", "").replace("{text}", "")
        assert set(yaml.safe_load(text)["jobs"]) == {"detect", "build"}


def test_the_key_is_in_skopeos_arguments_only_in_the_weak_variant(forge: PracticeForge) -> None:
    path = f".forgejo/workflows/{NIX}"
    safe, weak = files_of(forge)[path], files_of(forge, key_in_argv=True)[path]
    assert ("--dest-authfile" in safe, "--dest-creds" in safe) == (True, False)
    assert ("--dest-authfile" in weak, "--dest-creds zot-ci:$KEY" in weak) == (False, True)


@needs_skopeo
def test_the_runner_looks_in_the_worlds_folder_only(forge: PracticeForge) -> None:
    assert shutil.which("skopeo", path=os.environ["PATH"])
    assert built(forge, NIX)["pushed_with"] != "skopeo"
