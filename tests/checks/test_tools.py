"""Programs and rights: present or missing, and told which."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.platform.places import look, mended, quirk
from tests.platform.stand_ins import NOTHING, with_programs
from tests.systems.outside import Place, Safe, practice, tabled, world_of
from zotops.checks.tools import ToolsAreSignedIn, ToolsAreThere
from zotops.model import Verdict


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("tools") / "world", "open") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    with mended(started):
        yield started


def test_all_tools_are_found_where_the_profile_looks(place: Place) -> None:
    assert look(place, ToolsAreThere(profile=place.profile)).verdict is Verdict.PASSED


def test_1passwords_program_is_needed_only_where_it_keeps_the_secrets(place: Place) -> None:
    secrets = msgspec.structs.replace(place.profile.secrets, store="keyring")
    assert " op," in str(ToolsAreThere(profile=place.profile))
    assert " op," not in str(ToolsAreThere(profile=msgspec.structs.replace(place.profile, secrets=secrets)))


def test_every_missing_tool_is_named_with_its_remedy(tmp_path: Path) -> None:
    profile, _ = with_programs(tmp_path, argocd="", git="", op="", ssh="")
    programs = msgspec.structs.replace(profile.programs, search_path=str(tmp_path / "bin"))
    profile = msgspec.structs.replace(profile, programs=programs)
    evidence = ToolsAreThere(profile=profile).run(world_of(profile, Safe()), NOTHING)
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "not found: kubectl, mise")
    assert "install kubectl" in evidence.remedy
    assert "install mise" in evidence.remedy


def test_a_cluster_is_needed_only_for_recovery_keys(place: Place) -> None:
    ci = msgspec.structs.replace(place.profile.ci, sign_in="password", password="item/password")
    assert "kubectl" not in str(ToolsAreThere(profile=msgspec.structs.replace(place.profile, ci=ci)))
    assert "kubectl" in str(ToolsAreThere(profile=place.profile))


def test_signed_in_and_allowed(place: Place) -> None:
    evidence = look(place, ToolsAreSignedIn(profile=place.profile))
    assert (evidence.verdict, evidence.twin) == (Verdict.PASSED, "the same without a token: 401")


def test_a_session_that_has_ended_is_red_although_everything_exits_0(place: Place) -> None:
    quirk(place, "argocd", healthy_but_signed_out=True)
    evidence = look(place, ToolsAreSignedIn(profile=place.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "ArgoCD: not signed in")
    assert "argocd login" in evidence.remedy


def test_somebody_who_may_not_sync_is_red(place: Place) -> None:
    argo = msgspec.structs.replace(place.profile.argocd, project="somebody-elses")
    evidence = look(place, ToolsAreSignedIn(profile=msgspec.structs.replace(place.profile, argocd=argo)))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "ArgoCD: may not sync authentik")


def test_a_made_up_forge_token_is_red(place: Place) -> None:
    place.safe.fields[place.profile.forge_token] = "made-up"
    evidence = look(place, ToolsAreSignedIn(profile=place.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "the forge: 401, the token is not valid")


def test_a_token_that_may_only_read_is_red(place: Place) -> None:
    place.safe.fields[place.profile.forge_token] = "reads"
    with place.state.edit("forge") as document:
        document["tokens"].append({"token": "reads", "user": "practice", "scopes": ["read:repository"]})
    evidence = look(place, ToolsAreSignedIn(profile=place.profile))
    assert (evidence.verdict, "403" in evidence.observed) == (Verdict.FAILED, True)


def test_both_are_told_at_once(place: Place) -> None:
    quirk(place, "argocd", healthy_but_signed_out=True)
    place.safe.fields[place.profile.forge_token] = "made-up"
    evidence = look(place, ToolsAreSignedIn(profile=place.profile))
    assert "ArgoCD" in evidence.observed
    assert "the forge" in evidence.observed


@pytest.mark.parametrize("status", [200, 204, 400, 500, 503])
def test_a_forge_that_answers_everybody_alike_shows_nothing(place: Place, status: int) -> None:
    line = "PUT /api/v1/repos/practice/platform/actions/secrets/0-no-such-name"
    with tabled({line: status}) as server:
        forge = msgspec.structs.replace(place.profile.forge, api_url=f"{server.url}/api/v1")
        evidence = look(place, ToolsAreSignedIn(profile=msgspec.structs.replace(place.profile, forge=forge)))
    assert evidence.verdict is Verdict.UNKNOWN
