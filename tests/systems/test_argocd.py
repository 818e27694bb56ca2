"""ArgoCD's answers: what is left out is not proven, and exit codes say little."""

from pathlib import Path
from typing import Any

import pytest

from tests.platform.stand_ins import with_programs
from zotops.errors import Unreachable
from zotops.systems.argocd import (
    is_signed_in,
    may_sync,
    parse_app,
    read_app,
    read_configmap,
    start_sync,
)


def test_an_application_without_a_status_proves_nothing() -> None:
    documents: list[Any] = [{}, [], None, {"status": None}, {"status": {"operationState": {"finishedAt": "soon"}}}]
    for document in documents:
        app = parse_app(document)
        assert (app.sync, app.health, app.phase, app.revision, app.compared_afterwards) == ("", "", "", "", False)


@pytest.mark.parametrize(
    ("finished", "reconciled", "after"),
    [
        ("2026-03-07T10:00:00Z", "2026-03-07T10:00:01Z", True),
        ("2026-03-07T10:00:00Z", "2026-03-07T10:00:00Z", True),
        ("2026-03-07T10:00:02Z", "2026-03-07T10:00:01Z", False),
        ("2026-03-07T10:00:02Z", "", False),
    ],
)
def test_only_a_comparison_after_the_operation_counts(finished: str, reconciled: str, after: bool) -> None:
    document = {"status": {"reconciledAt": reconciled, "operationState": {"finishedAt": finished}}}
    assert parse_app(document).compared_afterwards is after


def test_conditions_that_end_in_error_are_told() -> None:
    conditions = [{"type": "ComparisonError"}, {"type": "SharedResourceWarning"}, "rubbish"]
    assert parse_app({"status": {"conditions": conditions}}).errors == ("ComparisonError",)


def test_an_application_is_compared_anew_before_it_is_read(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, argocd=f'echo "$@" > {tmp_path}/words; echo "{{}}"')
    read_app(world, profile)
    assert (tmp_path / "words").read_text() == "app get authentik -o json --refresh --grpc-web\n"


def test_a_missing_application_reads_as_forbidden(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, argocd="echo 'desc = permission denied' >&2; exit 20")
    with pytest.raises(Unreachable, match=r"permission denied.*both with the same words"):
        read_app(world, profile)


@pytest.mark.parametrize(
    ("body", "signed_in"),
    [("echo '{}'", False), ("echo '{\"loggedIn\": true}'", True), ("echo '{\"loggedIn\": false}'", False)],
)
def test_exit_code_0_does_not_mean_signed_in(tmp_path: Path, body: str, signed_in: bool) -> None:
    profile, world = with_programs(tmp_path, argocd=body)
    assert is_signed_in(world, profile) is signed_in


@pytest.mark.parametrize(("said", "allowed"), [("yes", True), ("no", False)])
def test_whether_we_may_is_said_in_a_word(tmp_path: Path, said: str, allowed: bool) -> None:
    profile, world = with_programs(tmp_path, argocd=f"echo {said}")
    assert may_sync(world, profile) is allowed


def ask_everything(tmp_path: Path, body: str) -> list[Any]:
    profile, world = with_programs(tmp_path, argocd=body)
    found: list[Any] = []
    for call in (is_signed_in, may_sync, read_app, lambda w, p: read_configmap(w, p, "c", "k")):
        try:
            found.append(call(world, profile))
        except Unreachable:
            found.append("unreachable")
    return found


@pytest.mark.parametrize("body", ["echo maybe", "echo maybe; exit 20"])
def test_what_is_not_understood_cannot_be_judged(tmp_path: Path, body: str) -> None:
    assert ask_everything(tmp_path, body) == ["unreachable"] * 4


def test_no_such_object_is_an_empty_answer(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, argocd="exit 0")
    assert read_configmap(world, profile, "blueprints", "zot.yaml") is None


def test_a_configmap_is_read_byte_for_byte(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, argocd=r"""printf %s '{"data": {"zot.yaml": "a: \u00e9\n"}}'""")
    assert read_configmap(world, profile, "blueprints", "zot.yaml") == "a: é\n".encode()
    assert read_configmap(world, profile, "blueprints", "other.yaml") is None


def test_a_sync_waits_no_longer_than_the_profile_says(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, argocd='echo "$@"')
    assert start_sync(world, profile).out == "app sync authentik -o json --timeout 30 --grpc-web\n"
