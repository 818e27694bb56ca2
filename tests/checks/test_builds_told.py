"""What a build's end means, at a forge and a registry that are one table."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.platform.forge_table import BUILT, COMMITS, DAGGER, NEW, SECRETS, SKOPEO, Forge, forge, run
from zotops.checks.builds import BuildSucceeded, TagsAreNew
from zotops.checks.forge import SecretIsListed
from zotops.looking import made
from zotops.model import Check, Evidence, Facts, Verdict
from zotops.profile import Copy
from zotops.systems.builds import BUILD_COMMIT, BUILD_RUNS, COMMITS_TO_BUILD

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
KNOWN = {BUILD_COMMIT: NEW}
WITH_IDS = {**KNOWN, BUILD_RUNS: f"{DAGGER}=13 {SKOPEO}=14"}
NEITHER = "the forge's copy of the key is not the key"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Forge]:
    with forge(tmp_path) as found:
        yield found


def seen(place: Forge, check: Callable[..., Check], facts: Facts) -> Evidence:
    return made(check(profile=place.profile), place.world, facts)


@pytest.mark.parametrize("facts", [KNOWN, WITH_IDS])
@pytest.mark.parametrize(
    ("dagger", "skopeo", "verdict", "observed", "likely"),
    [
        ("success", "success", PASSED, f"{DAGGER}: run 3 success; {SKOPEO}: run 4 success", ""),
        ("failure", "failure", FAILED, f"{DAGGER}: run 3 failure; {SKOPEO}: run 4 failure", NEITHER),
        ("success", "failure", FAILED, f"{SKOPEO}: run 4 failure", "that workflow pushes without the key"),
        ("failure", "success", FAILED, f"{DAGGER}: run 3 failure", "that workflow pushes without the key"),
        ("failure", "running", UNKNOWN, f"{SKOPEO}: run 4 running", ""),
        ("waiting", "success", UNKNOWN, f"{DAGGER}: run 3 waiting", ""),
    ],
)
def test_both_runs_have_to_succeed(
    *, place: Forge, facts: Facts, dagger: str, skopeo: str, verdict: Verdict, observed: str, likely: str
) -> None:
    place.has_runs(run(3, DAGGER, status=dagger), run(4, SKOPEO, status=skopeo), run(1, DAGGER, status="failure"))
    evidence = seen(place, BuildSucceeded, facts)
    assert evidence.verdict is verdict
    assert observed in evidence.observed
    assert evidence.likely.startswith(likely)
    assert bool(evidence.likely) == bool(likely)


@pytest.mark.parametrize(
    "row",
    [run(4, SKOPEO, "main"), run(4, SKOPEO, BUILT), run(4, SKOPEO, trigger_event="push"), run(4, "lint.yaml")],
)
def test_a_run_of_something_else_does_not_count(place: Forge, row: dict[str, Any]) -> None:
    place.has_runs(run(3, DAGGER), row)
    evidence = seen(place, BuildSucceeded, KNOWN)
    assert (evidence.verdict, evidence.likely) == (
        FAILED,
        "it was started for something else: a branch name, or another commit",
    )
    assert evidence.observed == f"{DAGGER}: run 3 success; {SKOPEO}: no run was started for that commit"


def test_before_a_build_the_commits_without_tags_are_offered(place: Forge) -> None:
    assert seen(place, BuildSucceeded, {}).observed == "not yet: <build-commit> is not known"
    evidence = seen(place, TagsAreNew, {})
    assert (evidence.verdict, evidence.facts) == (FAILED, {COMMITS_TO_BUILD: NEW})
    place.server.table[COMMITS] = (200, [{"sha": BUILT}])
    assert seen(place, TagsAreNew, {}).facts == {}


@pytest.mark.parametrize(
    ("tags", "offered", "verdict", "observed"),
    [
        (("", "-nix"), NEW, PASSED, "v0.1.0-aaaaaaa and v0.1.0-aaaaaaa-nix, absent before"),
        (("", "-nix"), "", UNKNOWN, "nobody saw that they were not before"),
        (("", "-nix"), BUILT, UNKNOWN, "nobody saw that they were not before"),
        (("",), NEW, FAILED, "not there: v0.1.0-aaaaaaa-nix"),
        (("-nix",), "", FAILED, "not there: v0.1.0-aaaaaaa"),
        ((), NEW, FAILED, "not there: v0.1.0-aaaaaaa, v0.1.0-aaaaaaa-nix"),
    ],
)
def test_both_tags_have_to_be_there_and_to_have_been_absent(
    place: Forge, tags: tuple[str, ...], offered: str, verdict: Verdict, observed: str
) -> None:
    place.has_tags(*(f"v0.1.0-aaaaaaa{suffix}" for suffix in tags))
    evidence = seen(place, TagsAreNew, {**KNOWN, COMMITS_TO_BUILD: offered})
    assert evidence.verdict is verdict
    assert observed in evidence.observed


def test_a_commit_without_a_version_is_of_elsewhere(place: Forge) -> None:
    evidence = seen(place, TagsAreNew, {BUILD_COMMIT: "f" * 40})
    assert (evidence.verdict, "has no version in containers/nettest" in evidence.observed) == (FAILED, True)


@pytest.mark.parametrize(
    ("names", "verdict", "observed"),
    [
        (("OTHER", "ZOT_CI_API_KEY"), PASSED, "first made 2026-03-07"),
        (("OTHER", "ANOTHER"), FAILED, "only ANOTHER, OTHER"),
        ((), FAILED, "only none"),
    ],
)
def test_the_secret_is_listed_by_its_name(
    place: Forge, names: tuple[str, ...], verdict: Verdict, observed: str
) -> None:
    place.server.table[SECRETS] = (200, [{"name": name, "created_at": "2026-03-07"} for name in names])
    evidence = seen(place, SecretIsListed, {})
    assert (evidence.verdict, evidence.observed) == (verdict, observed)


@pytest.mark.parametrize("with_copies", [True, False])
@pytest.mark.parametrize(
    ("own", "site", "observed"),
    [
        ("ZOT_CI_API_KEY", "K", "practice/platform: first made 2026-03-07; ops/site: first made 2026-03-07"),
        ("ZOT_CI_API_KEY", "OTHER", "practice/platform: first made 2026-03-07; ops/site: only OTHER"),
        ("K", "K", "practice/platform: only K; ops/site: first made 2026-03-07"),
    ],
)
def test_the_secret_of_a_further_repository_is_looked_for_by_its_own_name(
    *, place: Forge, own: str, site: str, observed: str, with_copies: bool
) -> None:
    for line, name in ((SECRETS, own), (SECRETS.replace("practice/platform", "ops/site"), site)):
        place.server.table[line] = (200, [{"name": name, "created_at": "2026-03-07"}])
    copies = (Copy(owner="ops", repo="site", secret="K"),)
    profile = msgspec.structs.replace(place.profile, forge=msgspec.structs.replace(place.profile.forge, copies=copies))
    check = SecretIsListed(profile=profile, with_copies=with_copies)
    evidence = made(check, place.world, {})
    assert evidence.observed == (observed if with_copies else observed.partition("; ")[0])
    assert evidence.verdict is (FAILED if "only" in evidence.observed else PASSED)
    assert str(check).endswith("has the secret ZOT_CI_API_KEY" + ", ops/site K" * with_copies)
    assert check.look.want == "ZOT_CI_API_KEY" + ", and K in ops/site" * with_copies
