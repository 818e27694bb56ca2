"""The CI user and what its sign-in would claim, as a provider's answers in a table."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import Here
from tests.checks.test_questions import PREVIEW, PROVIDERS, USERS, page, provider
from tests.systems.outside import Safe, Table, profile_of, tabled, world_of
from zotops.checks.ci_user import CiUserIsRight, ClaimsAreRight
from zotops.model import Check, Evidence, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
GROUP = "artifact-workloads"
USER = {
    "pk": 7,
    "username": "zot-ci",
    "type": "service_account",
    "is_active": True,
    "is_superuser": False,
    "groups_obj": [{"pk": "g", "name": GROUP}],
}
BY_HAND, NOT_APPLIED = "somebody changed the user by hand", "the blueprint is not applied"
Looking = Callable[..., Evidence]


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Looking]:
    """`looking(check, changes)`: at a provider that is as the blueprint wants it, but for these lines."""
    with ExitStack() as stack:

        def looked(check: Callable[..., Check], changes: Table | None = None) -> Evidence:
            lines = {USERS: page(USER), PROVIDERS: provider(), PREVIEW: claims(groups=[GROUP])}
            server = stack.enter_context(tabled({**lines, **(changes or {})}))
            profile = profile_of(tmp_path, registry=server.url, provider=server.url)
            safe = Safe({profile.provider_token: "token"})
            here = Here(server=server, profile=profile, safe=safe, world=world_of(profile, safe))
            return here.look(check(profile=profile))

        yield looked


def claims(**preview: Any) -> tuple[int, Any]:
    return 200, {"preview": {"preferred_username": "zot-ci", **preview}}


def user(**changes: Any) -> Table:
    return {USERS: page(USER | changes)}


def groups(*names: str) -> list[dict[str, str]]:
    return [{"pk": name, "name": name} for name in names]


@pytest.mark.parametrize(
    ("changes", "observed", "likely"),
    [
        ({}, f"active, service_account, groups: {GROUP}", ""),
        ({USERS: page()}, "there is no such user", NOT_APPLIED),
        (user(is_active=False), "not active", BY_HAND),
        (user(type="internal"), "type internal", BY_HAND),
        (user(groups_obj=[]), "groups: none", BY_HAND),
        (user(groups_obj=groups("admins", GROUP)), f"groups: admins, {GROUP}", BY_HAND),
        (user(is_superuser=True), "a superuser", BY_HAND),
        (user(is_active=False, is_superuser=True), "not active; a superuser", BY_HAND),
    ],
)
def test_the_user_is_told_by_everything_that_differs(
    looking: Looking, changes: Table, observed: str, likely: str
) -> None:
    evidence = looking(CiUserIsRight, changes)
    assert (evidence.verdict, evidence.observed) == (FAILED if likely else PASSED, observed)
    assert evidence.likely == likely
    remedy = {NOT_APPLIED: "apply the blueprint again", BY_HAND: "correct the user in the admin interface", "": ""}
    assert evidence.remedy == remedy[likely]


@pytest.mark.parametrize(
    ("changes", "observed", "likely"),
    [
        ({}, f"preferred_username zot-ci, groups {GROUP}", ""),
        ({PREVIEW: claims(groups=GROUP)}, f"preferred_username zot-ci, groups {GROUP}", ""),
        ({USERS: page()}, "there is no such user", NOT_APPLIED),
        ({PROVIDERS: page()}, "there is no such provider", NOT_APPLIED),
        ({PREVIEW: claims()}, "preferred_username zot-ci, groups none", "not in the group itself"),
        ({PREVIEW: claims(groups=["admins", GROUP])}, f"zot-ci, groups admins, {GROUP}", "not in the group itself"),
        ({PREVIEW: claims(groups=["Artifact-Workloads"])}, "groups Artifact-Workloads", "changes the letter case"),
        ({PREVIEW: claims(roles=[GROUP])}, "groups none", "puts the groups into the claim `roles`"),
        ({PREVIEW: claims(roles=["other"], sub=GROUP)}, "groups none", "not in the group itself"),
        (
            {PREVIEW: claims(preferred_username="other", groups=[GROUP])},
            f"preferred_username other, groups {GROUP}",
            "not in the group itself",
        ),
    ],
)
def test_the_claims_have_to_be_exactly_these(looking: Looking, changes: Table, observed: str, likely: str) -> None:
    evidence = looking(ClaimsAreRight, changes)
    assert evidence.verdict is (FAILED if likely else PASSED)
    assert observed in evidence.observed
    assert likely in evidence.likely
    assert bool(evidence.likely) == bool(likely)


@pytest.mark.parametrize(
    ("preview", "verdict"), [(claims(), UNKNOWN), (claims(groups=[GROUP]), PASSED), (claims(groups=[]), FAILED)]
)
def test_claims_that_come_with_userinfo_only_cannot_be_previewed(
    looking: Looking, preview: tuple[int, Any], verdict: Verdict
) -> None:
    changes = {PROVIDERS: provider(include_claims_in_id_token=False), PREVIEW: preview}
    assert looking(ClaimsAreRight, changes).verdict is verdict
