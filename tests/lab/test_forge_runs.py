import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.forge_world import REPO, PracticeForge, git, must_match, needs_description, practice_forge
from zotops.lab.forge import workflows

DISPATCHES = f"{REPO}/actions/workflows/build-container.yaml/dispatches"
RUNS = f"{REPO}/actions/runs"
INPUTS = {"container": "nettest"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeForge]:
    with practice_forge(tmp_path_factory.mktemp("forge") / "world") as forge:
        yield forge


@pytest.fixture
def forge(running: PracticeForge) -> PracticeForge:
    """Held: no runner takes anything, so that a run stays as it was stored."""
    running.begin_anew()
    running.commit(workflows.files(json.loads((running.folder / "world.json").read_text())))
    running.turn_on(stuck_waiting=True)
    return running


def dispatch(forge: PracticeForge, path: str = DISPATCHES, **body: Any) -> Any:
    return forge.ask("POST", path, json={"ref": "main", "inputs": INPUTS, **body})


def listed(forge: PracticeForge, **query: Any) -> list[dict[str, Any]]:
    answer = forge.ask("GET", RUNS, token="", params=query)
    runs: list[dict[str, Any]] = answer.json()["workflow_runs"]
    return runs


def test_a_dispatch_tells_about_its_run_only_when_asked(forge: PracticeForge) -> None:
    told, silent = dispatch(forge, return_run_info=True), dispatch(forge)
    assert told.status_code == 201
    assert set(told.json()) == {"id", "run_number", "jobs"}
    assert told.json()["jobs"] == ["detect", "build"]
    assert (silent.status_code, silent.content) == (204, b"")
    assert len(forge.stored()["runs"]) == 4


def test_a_run_is_found_by_its_id_and_not_by_its_number(forge: PracticeForge) -> None:
    told = dispatch(forge, return_run_info=True).json()
    assert told["id"] != told["run_number"]
    run = forge.ask("GET", f"{RUNS}/{told['id']}", token="").json()
    assert (run["id"], run["index_in_repo"]) == (told["id"], told["run_number"])
    assert run["html_url"].endswith(f"/practice/platform/actions/runs/{told['run_number']}")
    assert forge.ask("GET", f"{RUNS}/{told['run_number']}").status_code == 404
    assert forge.ask("GET", f"{RUNS}/no-number").status_code == 404


def test_a_server_before_11_tells_nothing(forge: PracticeForge) -> None:
    forge.turn_on(stuck_waiting=True, **{"204_dispatch": True})
    assert dispatch(forge, return_run_info=True).status_code == 204
    assert len(listed(forge)) == 3


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        (DISPATCHES, {"ref": ""}, 400, "ref is empty"),
        (DISPATCHES, {"ref": "no-such-branch"}, 500, ""),
        (f"{REPO}/actions/workflows/none.yaml/dispatches", {}, 500, ""),
        (DISPATCHES, {"inputs": {}}, 400, "input required for 'Folder below containers/ to build'"),
        (DISPATCHES, {"inputs": {"container": 5}}, 400, "json: inputs are not an object of strings"),
        ("/repos/practice/none/actions/workflows/a.yaml/dispatches", {}, 404, "The target couldn't be found."),
    ],
)
def test_a_dispatch_that_cannot_be_is_refused(
    forge: PracticeForge, path: str, body: dict[str, Any], status: int, message: str
) -> None:
    answer = dispatch(forge, path, **body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert len(forge.stored()["runs"]) == 2


def test_an_administrator_is_told_why_a_dispatch_failed_inside(forge: PracticeForge) -> None:
    with forge.state.edit("forge") as document:
        document["users"]["practice"]["is_admin"] = True
    assert "no-such-branch" in dispatch(forge, ref="no-such-branch").json()["message"]


def test_more_than_ten_inputs_are_too_many_and_unknown_ones_are_dropped(forge: PracticeForge) -> None:
    told = dispatch(forge, inputs={**INPUTS, **{f"unknown{n}": "x" for n in range(20)}}, return_run_info=True)
    payload = json.loads(forge.ask("GET", f"{RUNS}/{told.json()['id']}").json()["event_payload"])
    assert payload["inputs"] == INPUTS
    names = [f"input{n}" for n in range(11)]
    text = "on:\n  workflow_dispatch:\n    inputs:\n" + "".join(f"      {name}:\n" for name in names) + "jobs: {}\n"
    forge.commit({".forgejo/workflows/many.yaml": text})
    many = f"{REPO}/actions/workflows/many.yaml/dispatches"
    assert dispatch(forge, many, inputs=dict.fromkeys(names, "x")).status_code == 500
    assert dispatch(forge, many, inputs=dict.fromkeys(names[:10], "x")).status_code == 204


def test_the_workflow_must_be_there_at_the_dispatched_ref(forge: PracticeForge) -> None:
    without = forge.commit({".forgejo/workflows/build-container.yaml": None})
    assert dispatch(forge, ref=without).status_code == 500


def test_a_branch_a_tag_and_a_commit_can_be_dispatched(forge: PracticeForge) -> None:
    bare = forge.folder / "forge" / "platform.git"
    head = git(bare, "rev-parse", "main").strip()
    git(bare, "tag", "v1", "main")
    refs = []
    for ref in ("main", "v1", head):
        number = dispatch(forge, ref=ref, return_run_info=True).json()["id"]
        run = forge.ask("GET", f"{RUNS}/{number}").json()
        assert run["commit_sha"] == head
        refs.append((run["prettyref"], json.loads(run["event_payload"])["ref"]))
    assert refs == [("main", "refs/heads/main"), ("v1", "refs/tags/v1"), (head, head)]


def test_a_dispatch_needs_the_right_to_write(forge: PracticeForge) -> None:
    with forge.state.edit("forge") as document:
        document["tokens"].append({"token": "other", "user": "reader", "scopes": ["write:repository"]})
    statuses = [forge.ask("POST", DISPATCHES, token=token, json={"ref": "main"}).status_code for token in ("", "other")]
    assert statuses == [401, 403]


@pytest.mark.parametrize(("setting", "status"), [({"archived": True}, 423), ({"has_actions": False}, 404)])
def test_a_repository_that_is_archived_or_without_actions_takes_no_dispatch(
    forge: PracticeForge, setting: dict[str, bool], status: int
) -> None:
    with forge.state.edit("forge") as document:
        document["repositories"]["practice/platform"] |= setting
    assert dispatch(forge).status_code == status


def test_a_dispatched_run_is_recognised_by_its_payload_and_not_by_event(forge: PracticeForge) -> None:
    built = "1" * 40
    number = dispatch(forge, inputs={**INPUTS, "ref": built}, return_run_info=True).json()["id"]
    run = forge.ask("GET", f"{RUNS}/{number}").json()
    payload = json.loads(run["event_payload"])
    assert (run["event"], run["trigger_event"]) == ("", "workflow_dispatch")
    assert payload["inputs"] == {"container": "nettest", "ref": built}
    assert payload["workflow"] == ".forgejo/workflows/build-container.yaml"
    assert listed(forge, head_sha=built) == []
    assert [entry["id"] for entry in listed(forge, head_sha=run["commit_sha"])] == [number]


def test_what_has_not_happened_yet_reads_1970(forge: PracticeForge) -> None:
    number = dispatch(forge, return_run_info=True).json()["id"]
    run = forge.ask("GET", f"{RUNS}/{number}").json()
    assert (run["status"], run["started"], run["stopped"]) == (
        "waiting",
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
    )
    assert run["duration"] == 0


def test_the_duration_is_in_nanoseconds(forge: PracticeForge) -> None:
    assert {run["duration"] for run in listed(forge)} == {30 * 10**9}


def test_runs_come_in_no_order_and_the_newest_is_never_first(forge: PracticeForge) -> None:
    for _ in range(12):
        newest = dispatch(forge, return_run_info=True).json()["id"]
        ids = [run["id"] for run in listed(forge)]
        assert newest in ids
        assert ids[0] != newest
    assert ids not in (sorted(ids), sorted(ids, reverse=True))


def test_pages_hold_every_run_once(forge: PracticeForge) -> None:
    for _ in range(3):
        dispatch(forge)
    pages = [[run["id"] for run in listed(forge, limit=2, page=page)] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({number for page in pages for number in page}) == 5
    answer = forge.ask("GET", RUNS, params={"limit": 2})
    assert (answer.headers["X-Total-Count"], answer.json()["total_count"]) == ("5", 5)


def test_the_filters_of_version_14_are_the_only_ones(forge: PracticeForge) -> None:
    told = dispatch(forge, return_run_info=True).json()
    assert [run["id"] for run in listed(forge, status="waiting")] == [told["id"]]
    assert len(listed(forge, status=["waiting", "success"])) == 3
    assert [run["id"] for run in listed(forge, run_number=told["run_number"])] == [told["id"]]
    assert len(listed(forge, event="push")) == 2
    assert listed(forge, event="workflow_dispatch") == []
    assert len(listed(forge, workflow_id="no-such.yaml", ref="nowhere")) == 3
    assert forge.ask("GET", RUNS, params={"status": "completed"}).status_code == 400


def test_a_waiting_job_is_no_task_yet(forge: PracticeForge) -> None:
    number = dispatch(forge, return_run_info=True).json()["run_number"]
    tasks = forge.ask("GET", f"{REPO}/actions/tasks", token="").json()["workflow_runs"]
    assert [task["run_number"] for task in tasks] == [13, 12]
    assert number not in {task["run_number"] for task in tasks}


@needs_description
def test_answers_have_the_published_shape(forge: PracticeForge) -> None:
    where = "/repos/{owner}/{repo}/actions"
    answers = [
        dispatch(forge, return_run_info=True),
        dispatch(forge),
        dispatch(forge, ref=""),
        dispatch(forge, ref="x"),
    ]
    for answer in answers:
        must_match("POST", f"{where}/workflows/{{workflowfilename}}/dispatches", answer)
    number = answers[0].json()["id"]
    must_match("GET", f"{where}/runs", forge.ask("GET", RUNS, token=""))
    must_match("GET", f"{where}/runs", forge.ask("GET", RUNS, params={"status": "none"}))
    must_match("GET", f"{where}/runs/{{run_id}}", forge.ask("GET", f"{RUNS}/{number}"))
    must_match("GET", f"{where}/runs/{{run_id}}", forge.ask("GET", f"{RUNS}/1"))
    must_match("GET", f"{where}/tasks", forge.ask("GET", f"{REPO}/actions/tasks"))


@needs_description
def test_a_later_servers_field_is_more_than_the_published_shape(forge: PracticeForge) -> None:
    forge.turn_on(extra_field=True)
    with pytest.raises(Exception, match="a_later_field"):
        must_match("GET", "/repos/{owner}/{repo}/actions/runs", forge.ask("GET", RUNS))
