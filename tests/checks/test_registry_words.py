"""What the registry's checks say to people: on the terminal, and as a row of a page."""

from pathlib import Path

import msgspec
import pytest

from tests.systems.outside import profile_of
from zotops.checks import (
    access,
    consumers,
    key_api,
    metrics,
    pull,
    pull_through,
    questions,
    reachable,
    scratch,
    sessions,
    sign_in,
    version,
)
from zotops.lab.faults import fault_named
from zotops.model import Check
from zotops.profile import Profile

ALL: tuple[type, ...] = (
    access.AnybodyMayRead,
    access.CiMayCreate,
    access.CiMayNotDelete,
    access.CiMayNotOverwrite,
    access.MadeUpKeyMayNothing,
    access.NobodyMayWrite,
    consumers.ConsumersStillPull,
    key_api.CiKeyIsListed,
    key_api.KeyApiIsThere,
    key_api.KeyIsCiUsers,
    metrics.MetricsAsBefore,
    pull.CatalogIsPublic,
    pull.ImageIsPulledAnonymously,
    pull_through.MirrorFormIsUsed,
    pull_through.PullThroughWorks,
    questions.ApiKeyOptionWorks,
    questions.ClaimMatchesGroup,
    questions.KeyInheritsGroup,
    reachable.CurrentState,
    reachable.RegistryIsReachable,
    scratch.ScratchImageCameBack,
    sessions.NoSessionLeft,
    sign_in.SignInRedirects,
    version.VersionAtFloor,
)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry="https://registry.example.org", provider="https://auth.example.org")


@pytest.mark.parametrize("kind", ALL)
def test_a_check_is_one_sentence_and_one_row(kind: type, profile: Profile) -> None:
    check: Check = kind(profile=profile)
    assert str(check)
    assert not str(check).endswith(".")
    texts = [
        check.look.command,
        check.look.want,
        *(text for row in check.look.otherwise for text in (row.answer, row.means)),
    ]
    assert all(texts)
    assert not [text for text in texts if "\n" in text or "|" in text.replace(" | shasum", "")]


@pytest.mark.parametrize("kind", ALL)
def test_every_fault_that_a_page_names_can_be_shown_in_the_lab(kind: type, profile: Profile) -> None:
    check: Check = kind(profile=profile)
    assert not [row.fault for row in check.look.otherwise if row.fault and fault_named(row.fault) is None]


def test_no_two_checks_say_the_same(profile: Profile) -> None:
    assert len({str(kind(profile=profile)) for kind in ALL}) == len(ALL)


@pytest.mark.parametrize(
    "kind", [consumers.ConsumersStillPull, pull_through.PullThroughWorks, pull_through.MirrorFormIsUsed]
)
def test_a_place_without_consumers_and_mirrors_has_rows_too(kind: type, profile: Profile) -> None:
    registry = msgspec.structs.replace(profile.registry, mirrors=())
    check: Check = kind(profile=msgspec.structs.replace(profile, registry=registry, consumers=()))
    assert check.look.command == "true"
