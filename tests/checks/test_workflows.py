"""The workflow files of a checkout: what they use, and what they show."""

import subprocess
from pathlib import Path

import pytest

from tests.platform.stand_ins import NOTHING, with_programs
from zotops.checks.workflows import KeyNotInArgv, WorkflowsUseTheSecret
from zotops.looking import made
from zotops.model import Check, Evidence, Verdict

DAGGER = "env: {KEY: '${{ secrets.ZOT_CI_API_KEY }}'}\nrun: dagger call publish --user zot-ci\n"
NIX = "run: skopeo copy --dest-authfile a docker://x # zot-ci\nenv: {KEY: '${{secrets.ZOT_CI_API_KEY}}', U: zot-ci}\n"


def seen(tmp_path: Path, kind: type[WorkflowsUseTheSecret] | type[KeyNotInArgv], **files: str | None) -> Evidence:
    profile, world = with_programs(tmp_path)
    folder = tmp_path / "checkout" / profile.forge.workflow_folder
    folder.mkdir(parents=True)
    for name, text in {"build_container": DAGGER, "build_container_nix": NIX, **files}.items():
        if text is not None:
            (folder / f"{name.replace('_', '-')}.yaml").write_text(text)
    check: Check = kind(profile=profile)
    return made(check, world, NOTHING)


def test_both_paths_use_the_secret_and_the_user(tmp_path: Path) -> None:
    assert seen(tmp_path, WorkflowsUseTheSecret).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("name", "text", "observed"),
    [
        ("build_container", DAGGER.replace("ZOT_CI_API_KEY", "OTHER"), "does not use secrets.ZOT_CI_API_KEY"),
        (
            "build_container",
            DAGGER.replace("ZOT_CI_API_KEY", "ZOT_CI_API_KEY_2"),
            "does not use secrets.ZOT_CI_API_KEY",
        ),
        ("build_container", DAGGER.replace("zot-ci", "zot-ci-2"), "build-container.yaml does not name zot-ci"),
        ("build_container_nix", NIX.replace("zot-ci", "alex"), "build-container-nix.yaml does not name zot-ci"),
        ("build_container_nix", "# secrets.ZOT_CI_API_KEY zot-ci\n", "does not use secrets.ZOT_CI_API_KEY"),
        ("build_container_nix", NIX.replace("U: zot-ci", "U: alex"), "does not name zot-ci"),
    ],
)
def test_a_path_without_the_secret_or_the_user_is_named(tmp_path: Path, name: str, text: str, observed: str) -> None:
    evidence = seen(tmp_path, WorkflowsUseTheSecret, **{name: text})
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed


@pytest.mark.parametrize(
    ("name", "text", "verdict", "observed"),
    [
        ("build_container", DAGGER, Verdict.PASSED, "both are named in every file"),
        ("build_container", DAGGER.replace("zot-ci", "$USER"), Verdict.PASSED, "zot-ci is the default in src/main.py"),
        (
            "build_container_nix",
            NIX.replace("zot-ci", "$USER"),
            Verdict.FAILED,
            "build-container-nix.yaml does not name zot-ci",
        ),
    ],
)
def test_the_user_may_be_a_dagger_functions_default(
    tmp_path: Path, name: str, text: str, verdict: Verdict, observed: str
) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "src").mkdir(parents=True)
    (checkout / "src" / "main.py").write_text('async def publish(user: str = "zot-ci") -> str: ...\n')
    for words in (("init", "-q"), ("add", "src")):
        subprocess.run(["git", "-C", str(checkout), *words], check=True, capture_output=True)
    evidence = seen(tmp_path, WorkflowsUseTheSecret, **{name: text})
    assert (evidence.verdict, evidence.observed) == (verdict, observed)


@pytest.mark.parametrize("kind", [WorkflowsUseTheSecret, KeyNotInArgv])
def test_without_the_files_nothing_can_be_said(
    tmp_path: Path, kind: type[WorkflowsUseTheSecret] | type[KeyNotInArgv]
) -> None:
    evidence = seen(tmp_path, kind, build_container=None)
    assert (evidence.verdict, "programs.directory" in evidence.remedy) == (Verdict.UNKNOWN, True)


def test_a_key_on_a_command_line_is_a_finding(tmp_path: Path) -> None:
    evidence = seen(tmp_path, KeyNotInArgv, build_container_nix=NIX.replace("--dest-authfile a", "--dest-creds=u:$KEY"))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "--dest-creds in build-container-nix.yaml")
    assert "--dest-authfile" in evidence.remedy


def test_it_is_only_a_finding_and_its_remedy_is_none(tmp_path: Path) -> None:
    profile, _ = with_programs(tmp_path)
    assert KeyNotInArgv(profile=profile).advisory
    remedy = NIX.replace("run: skopeo", "run: skopeo # not --dest-creds\nx: skopeo")
    assert seen(tmp_path, KeyNotInArgv, build_container_nix=remedy).verdict is Verdict.PASSED
