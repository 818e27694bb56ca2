"""What a build pushes: which commit, under which tag, by which client, or nothing at all."""

import json
import os
import shutil

from tests.lab.forge_runner.building import BOTH, DAGGER, IMAGE, NIX, built, head, needs_skopeo
from tests.lab.forge_world import PracticeForge, practice_forge
from tests.lab.recording_registry import Registry


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


def test_without_skopeo_the_run_says_what_pushed_instead(forge: PracticeForge) -> None:
    assert "own pusher" in built(forge, NIX)["pushed_with"]
    assert "Dagger" in built(forge, DAGGER)["pushed_with"]


@needs_skopeo
def test_the_runner_looks_in_the_worlds_folder_only(forge: PracticeForge) -> None:
    assert shutil.which("skopeo", path=os.environ["PATH"])
    assert built(forge, NIX)["pushed_with"] != "skopeo"
