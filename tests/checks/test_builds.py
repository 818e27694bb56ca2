"""Builds that succeeded, failed, or only say so; and the secret that they need."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.platform.places import look, quirk
from tests.platform.stand_ins import flying
from tests.systems.outside import Place, practice
from zotops.actions.build import DispatchBuild
from zotops.checks.builds import BuildSucceeded, TagsAreNew
from zotops.checks.forge import SecretIsListed
from zotops.model import Attempt, Facts, Verdict
from zotops.systems.builds import BUILD_COMMIT, BUILD_RUNS, COMMITS_TO_BUILD, existing_tags
from zotops.systems.forgejo import Forgejo

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("builds") / "world", "hardened") as running:
        yield running


def build(place: Place) -> Facts:
    """Build as zotops does; the facts of the step, before and after."""
    before = look(place, TagsAreNew(profile=place.profile))
    assert before.verdict is FAILED
    action = DispatchBuild(profile=place.profile)
    intent = action.intent(place.world, {}, Attempt(run="7f3a", number=1))
    return {**before.facts, **action.perform(place.world, intent, {}).facts}


def test_a_build_by_both_paths_makes_both_tags(place: Place) -> None:
    facts = build(place)
    assert look(place, BuildSucceeded(profile=place.profile), facts).verdict is PASSED
    evidence = look(place, TagsAreNew(profile=place.profile), facts)
    assert evidence.verdict is PASSED
    assert f"v0.1.0-{facts[BUILD_COMMIT][:7]}-nix" in evidence.observed


def test_a_build_by_hand_is_found_by_what_it_was_started_with(place: Place) -> None:
    facts = {name: value for name, value in build(place).items() if name != BUILD_RUNS}
    assert look(place, BuildSucceeded(profile=place.profile), facts).verdict is PASSED


def test_green_runs_that_pushed_nothing_are_red(place: Place) -> None:
    quirk(place, "forge", green_without_push=True)
    facts = build(place)
    assert look(place, BuildSucceeded(profile=place.profile), facts).verdict is PASSED
    evidence = look(place, TagsAreNew(profile=place.profile), facts)
    assert (evidence.verdict, "not there: v0.1.0-" in evidence.observed) == (FAILED, True)


def test_an_empty_secret_makes_red_builds(place: Place) -> None:
    with place.state.edit("forge") as document:
        document["secrets"]["repo:practice/platform"]["ZOT_CI_API_KEY"]["data"] = ""
    facts = build(place)
    evidence = look(place, BuildSucceeded(profile=place.profile), facts)
    assert (evidence.verdict, "failure" in evidence.observed) == (FAILED, True)
    assert look(place, TagsAreNew(profile=place.profile), facts).verdict is FAILED
    assert look(place, SecretIsListed(profile=place.profile)).verdict is PASSED


def test_a_run_that_waits_is_neither_green_nor_red(place: Place) -> None:
    quirk(place, "forge", stuck_waiting=True)
    hurried = Place(
        lab=place.lab,
        profile=place.profile,
        safe=place.safe,
        world=flying(place.world),
        told=place.told,
        registered=place.registered,
    )
    facts = build(hurried)
    evidence = look(place, BuildSucceeded(profile=place.profile), facts)
    assert (evidence.verdict, "waiting" in evidence.observed) == (UNKNOWN, True)


def test_before_a_build_the_commits_to_build_are_offered(place: Place) -> None:
    evidence = look(place, TagsAreNew(profile=place.profile))
    newest = Forgejo(world=place.world, profile=place.profile).commits("main")
    assert evidence.facts[COMMITS_TO_BUILD].split()[0] in newest
    assert look(place, BuildSucceeded(profile=place.profile)).observed == "not yet: <build-commit> is not known"


def test_tags_that_nobody_saw_missing_prove_nothing(place: Place) -> None:
    built = {tag.removesuffix("-nix").rpartition("-")[2] for tag in existing_tags(place.world, place.profile)}
    commits = Forgejo(world=place.world, profile=place.profile).commits("main")
    commit = next(commit for commit in commits if commit[:7] in built)
    evidence = look(place, TagsAreNew(profile=place.profile), {BUILD_COMMIT: commit})
    assert (evidence.verdict, "nobody saw" in evidence.observed) == (UNKNOWN, True)


def test_missing_tags_are_red_whether_or_not_their_commit_was_offered(place: Place) -> None:
    built = {tag.removesuffix("-nix").rpartition("-")[2] for tag in existing_tags(place.world, place.profile)}
    commits = Forgejo(world=place.world, profile=place.profile).commits("main")
    commit = next(commit for commit in commits if commit[:7] not in built)
    evidence = look(place, TagsAreNew(profile=place.profile), {BUILD_COMMIT: commit})
    assert (evidence.verdict, "not there: v0.1.0-" in evidence.observed) == (FAILED, True)


def test_a_commit_of_elsewhere_is_named(place: Place) -> None:
    facts = {BUILD_COMMIT: "f" * 40}
    evidence = look(place, TagsAreNew(profile=place.profile), facts)
    assert (evidence.verdict, "has no version" in evidence.observed) == (FAILED, True)
    assert "no run was started" in look(place, BuildSucceeded(profile=place.profile), facts).observed


def test_a_secret_that_is_not_there_is_red(place: Place) -> None:
    forge = msgspec.structs.replace(place.profile.forge, secret="NO_SUCH_KEY")
    evidence = look(place, SecretIsListed(profile=msgspec.structs.replace(place.profile, forge=forge)))
    assert (evidence.verdict, "only ARGOCD_AUTH_TOKEN" in evidence.observed) == (FAILED, True)
    with place.state.edit("forge") as document:
        document["secrets"] = {}
    assert look(place, SecretIsListed(profile=place.profile)).observed == "only none"


def test_a_secret_is_found_however_the_profile_writes_its_name(place: Place) -> None:
    forge = msgspec.structs.replace(place.profile.forge, secret=place.profile.forge.secret.lower())
    assert look(place, SecretIsListed(profile=msgspec.structs.replace(place.profile, forge=forge))).verdict is PASSED


@pytest.mark.parametrize("check", [SecretIsListed, BuildSucceeded])
def test_a_token_that_is_not_taken_is_unknown(place: Place, check: type[SecretIsListed] | type[BuildSucceeded]) -> None:
    place.safe.fields[place.profile.forge_token] = "made up"
    facts = {BUILD_COMMIT: "f" * 40}
    assert look(place, check(profile=place.profile), facts).verdict is UNKNOWN


def test_the_cause_is_told_by_how_many_of_the_builds_failed(place: Place) -> None:
    check = BuildSucceeded(profile=place.profile)
    assert "a branch name" in look(place, check, {BUILD_COMMIT: "0" * 40}).likely
    quirk(place, "forge", skopeo_without_credentials=True)
    facts = build(place)
    assert "that workflow pushes without the key" in look(place, check, facts).likely
