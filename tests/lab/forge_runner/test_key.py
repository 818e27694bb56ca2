"""Which key a build pushes with, and that it shows nowhere."""

import json
import stat

import pytest
import yaml

from tests.lab.forge_runner.building import BOTH, DAGGER, NIX, built, files_of
from tests.lab.forge_world import KEY, REPO, PracticeForge
from tests.lab.recording_registry import Registry


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
