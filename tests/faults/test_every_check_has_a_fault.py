"""A check that nobody has ever seen red proves nothing: each has a fault of its own in the catalogue."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.systems.outside import profile_of
from zotops.lab.faults import FAULTS, TRAPS, Twist
from zotops.model import Check, Runbook, Step
from zotops.profile import Profile
from zotops.runbooks import RUNBOOKS

# Checks that are only made under another profile than the practice world's; each has a test of its own.
NOT_HERE = {"CiPasswordIsKept": "only where the CI user signs in by password"}


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The practice world's profile; its addresses do not matter here."""
    return profile_of(tmp_path_factory.mktemp("practice"), registry="http://127.0.0.1:9")


def checks_of(runbook: Runbook) -> Iterator[tuple[Step, Check]]:
    return ((step, check) for step in runbook.steps for check in step.checks)


@pytest.mark.parametrize("name", RUNBOOKS)
def test_each_check_of_a_runbook_has_a_fault_that_names_it(name: str, practice: Profile) -> None:
    # The same check in two runbooks is one check: it was seen red where its fault is.
    named = {fault.check for fault in FAULTS}
    without = [f"{step.id}: {check}" for step, check in checks_of(RUNBOOKS[name](practice)) if str(check) not in named]
    assert without == []


@pytest.mark.parametrize("twist", [*FAULTS, *TRAPS], ids=lambda twist: twist.name)
def test_what_the_catalogue_names_is_there(twist: Twist, practice: Profile) -> None:
    runbook = RUNBOOKS[twist.runbook](practice)
    assert twist.check in {str(check) for _, check in checks_of(runbook)}
    steps = {step.id for step in runbook.steps}
    assert {*twist.by_hand, *filter(None, [twist.at])} <= steps


def test_a_check_that_only_another_profile_has_is_known(practice: Profile) -> None:
    ci = msgspec.structs.replace(practice.ci, sign_in="password", password="ownitem/password")
    here, by_password = (all_checks(place) for place in (practice, msgspec.structs.replace(practice, ci=ci)))
    assert by_password - here == set(NOT_HERE)


def all_checks(place: Profile) -> set[str]:
    """The names of every check of every runbook."""
    return {type(check).__name__ for make in RUNBOOKS.values() for _, check in checks_of(make(place))}


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_look_links_to_faults_that_exist(name: str, practice: Profile) -> None:
    known = {fault.name for fault in FAULTS}
    linked = {
        other.fault: str(check)
        for _, check in checks_of(RUNBOOKS[name](practice))
        for other in check.look.otherwise
        if other.fault
    }
    assert {fault: check for fault, check in linked.items() if fault not in known} == {}


def test_faults_and_traps_share_no_name() -> None:
    names = [twist.name for twist in (*FAULTS, *TRAPS)]
    assert len(names) == len(set(names))
