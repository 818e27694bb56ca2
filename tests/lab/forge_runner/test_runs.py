"""The life of a run: waiting, running, ended, and what faults make of it."""

import time

from tests.lab.forge_runner.building import BOTH, DAGGER, IMAGE, NIX, built
from tests.lab.forge_world import REPO, PracticeForge, practice_forge
from tests.lab.recording_registry import Registry


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
