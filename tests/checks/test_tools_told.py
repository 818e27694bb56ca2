"""What we may do at ArgoCD and at the forge, told by the answers of a few lines."""

from pathlib import Path

import msgspec
import pytest

from tests.platform.forge_table import REPOSITORY
from tests.platform.stand_ins import with_programs
from tests.systems.outside import Answer, Safe, tabled, world_of
from zotops.checks.tools import REMEDIES, ForgeTakesWrites, ToolsAreSignedIn, ToolsAreThere
from zotops.looking import made
from zotops.model import Evidence, Verdict
from zotops.profile import Copy

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
WRITE = f"PUT {REPOSITORY}/actions/secrets/0-no-such-name"
SYNC, SIGN_IN = "ArgoCD: may not sync authentik", "ArgoCD: not signed in"


def signed_in(folder: Path, *, known: str, may: str, with_token: Answer, without: Answer = 401) -> Evidence:
    told = f'case "$2" in get-user-info) echo \'{{"loggedIn": {known}}}\' ;; can-i) echo {may} ;; esac'
    with tabled({f"other {WRITE}": with_token, f"nobody {WRITE}": without}) as forge:
        profile, _ = with_programs(folder, argocd=told)
        place = msgspec.structs.replace(profile.forge, api_url=f"{forge.url}/api/v1")
        profile = msgspec.structs.replace(profile, forge=place)
        return made(ToolsAreSignedIn(profile=profile), world_of(profile, Safe({profile.forge_token: "token"})), {})


@pytest.mark.parametrize(
    ("known", "may", "status", "observed"),
    [
        ("true", "yes", 400, ""),
        ("true", "yes", 422, ""),
        ("true", "no", 400, SYNC),
        ("false", "yes", 422, SIGN_IN),
        ("true", "yes", 401, "the forge: 401, the token is not valid"),
        ("true", "yes", 403, "the forge: 403, no write:repository or no owner"),
        ("true", "yes", 404, "the forge: 404, no repository"),
        ("false", "no", 403, f"{SIGN_IN}; the forge: 403, no write:repository or no owner"),
        ("true", "no", 404, f"{SYNC}; the forge: 404, no repository"),
    ],
)
def test_everything_that_is_missing_is_told_with_its_remedy(
    *, tmp_path: Path, known: str, may: str, status: int, observed: str
) -> None:
    evidence = signed_in(tmp_path, known=known, may=may, with_token=status)
    assert evidence.verdict is (FAILED if observed else PASSED)
    assert evidence.observed == (observed or f"yes, allowed to; the forge: {status}")
    assert len(evidence.remedy.split("; ")) == len(observed.split("; "))
    assert evidence.twin == "the same without a token: 401"


@pytest.mark.parametrize(("with_token", "without"), [(400, 400), (400, 403), (200, 401), (500, 401), (204, 204)])
def test_a_forge_that_does_not_judge_tells_nothing(tmp_path: Path, with_token: int, without: int) -> None:
    evidence = signed_in(tmp_path, known="true", may="yes", with_token=with_token, without=without)
    assert evidence.verdict is UNKNOWN
    assert evidence.observed == f"an impossible secret: {with_token}, without a token: {without}"


def taken(folder: Path, with_token: Answer, without: Answer = 401, **copies: Answer) -> Evidence:
    """`copies`: what further repositories of that name answer."""
    others = {
        f"other PUT /api/v1/repos/ops/{name}/actions/secrets/0-no-such-name": told for name, told in copies.items()
    }
    with tabled({f"other {WRITE}": with_token, f"nobody {WRITE}": without, **others}) as forge:
        profile, _ = with_programs(folder)
        further = tuple(Copy(owner="ops", repo=name, secret="K") for name in copies)
        place = msgspec.structs.replace(profile.forge, api_url=f"{forge.url}/api/v1", copies=further)
        profile = msgspec.structs.replace(profile, forge=place)
        return made(ForgeTakesWrites(profile=profile), world_of(profile, Safe({profile.forge_token: "token"})), {})


@pytest.mark.parametrize(
    ("status", "observed"),
    [
        (400, ""),
        (422, ""),
        (401, "401, the token is not valid"),
        (403, "403, no write:repository or no owner"),
        (404, "404, no repository"),
    ],
)
def test_whether_the_forge_takes_writes_is_told_by_why_it_refuses_one(
    tmp_path: Path, status: int, observed: str
) -> None:
    evidence = taken(tmp_path, status)
    assert evidence.verdict is (FAILED if observed else PASSED)
    assert evidence.observed == (observed or str(status))
    assert evidence.twin == "the same without a token: 401"
    assert bool(observed) == ("write:repository" in evidence.remedy)


@pytest.mark.parametrize(("with_token", "without"), [(400, 400), (422, 403), (200, 401), (500, 401)])
def test_a_forge_that_judges_no_token_tells_nothing_about_writes(tmp_path: Path, with_token: int, without: int) -> None:
    evidence = taken(tmp_path, with_token, without)
    assert evidence.verdict is UNKNOWN
    assert evidence.observed == f"an impossible secret: {with_token}, without a token: {without}"


@pytest.mark.parametrize(
    ("own", "site", "verdict", "observed"),
    [
        (400, 422, PASSED, "practice/platform: 400; ops/site: 422"),
        (400, 403, FAILED, "ops/site: 403, no write:repository or no owner"),
        (403, 400, FAILED, "practice/platform: 403, no write:repository or no owner"),
        (401, 404, FAILED, "practice/platform: 401, the token is not valid; ops/site: 404, no repository"),
        (400, 500, UNKNOWN, "an impossible secret: practice/platform: 400; ops/site: 500, without a token: 401"),
    ],
)
def test_every_repository_that_is_given_the_key_is_asked(
    *, tmp_path: Path, own: int, site: int, verdict: Verdict, observed: str
) -> None:
    evidence = taken(tmp_path, own, site=site)
    assert (evidence.verdict, evidence.observed) == (verdict, observed)
    for place in ("practice/platform", "ops/site") if verdict is FAILED else ():
        assert (place in evidence.remedy) is (place in observed)


def test_a_person_is_told_of_every_repository_to_ask(tmp_path: Path) -> None:
    profile, _ = with_programs(tmp_path)
    assert ForgeTakesWrites(profile=profile).look.want.startswith("400 or 422; `token`")
    copies = (Copy(owner="ops", repo="site", secret="K"),)
    profile = msgspec.structs.replace(profile, forge=msgspec.structs.replace(profile.forge, copies=copies))
    assert ForgeTakesWrites(profile=profile).look.want.startswith("400 or 422, also for ops/site; `token`")


def there(folder: Path, sign_in: str, *names: str) -> Evidence:
    profile, _ = with_programs(folder, **dict.fromkeys(names, ""))
    programs = msgspec.structs.replace(profile.programs, search_path=str(folder / "bin"))
    ci = msgspec.structs.replace(profile.ci, sign_in=sign_in, password="i/password")
    profile = msgspec.structs.replace(profile, programs=programs, ci=ci)
    return made(ToolsAreThere(profile=profile), world_of(profile, Safe()), {})


def test_all_of_them_have_to_be_there(tmp_path: Path) -> None:
    evidence = there(tmp_path, "recovery-key", *REMEDIES)
    assert (evidence.verdict, evidence.observed) == (PASSED, "all found")


@pytest.mark.parametrize("missing", REMEDIES)
def test_each_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    evidence = there(tmp_path, "recovery-key", *(name for name in REMEDIES if name != missing))
    assert (evidence.verdict, evidence.observed) == (FAILED, f"not found: {missing}")
    assert evidence.remedy == REMEDIES[missing]


def test_without_recovery_keys_no_cluster_is_needed(tmp_path: Path) -> None:
    evidence = there(tmp_path, "password", *(name for name in REMEDIES if name != "kubectl"))
    assert evidence.verdict is PASSED
    assert evidence.expected == "argocd, git, mise, op, ssh on the PATH"
