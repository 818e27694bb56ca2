"""In a hardened world with a fault about access, verify exits 1 and names that effect, and nothing else is red."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.verifying import Hardened, hardened
from tests.systems.outside import Safe, world_of
from zotops.lab.faults import fault_named
from zotops.lab.first_key import Browser

WRITES = "nobody may write without a key, at any address"
UNCHANGED = "nothing is changed on the way to the registry"
# Faults that count only once the role was run again.
PROVISIONED = {
    "anonymous-may-write": {WRITES},
    "anonymous-may-not-read": {"anybody may read", "still pull without credentials: cluster, job runner"},
    "ci-may-not-push": {"zot-ci may push new tags"},
    "ci-may-overwrite": {"zot-ci may not overwrite a tag"},
    "ci-may-delete": {"zot-ci may not delete"},
}
AT_ONCE = {
    "ci-may-more-meanwhile": {"zot-ci may not overwrite a tag"},
    "tag-overwrite-hole": {"zot-ci may not overwrite a tag", "the registry's version is 2.1.20 or later"},
    "proxy-limits-the-body": {UNCHANGED},
    "proxy-strips-the-challenge": {UNCHANGED},
}

pytestmark = [pytest.mark.timeout(200), pytest.mark.costly(share=0.3)]


def red(world: Hardened, fault: str, then: Callable[[], None] = lambda: None) -> tuple[int, set[str]]:
    found = fault_named(fault)
    assert found is not None
    found.breaks(world.root)
    then()
    wait_until_it_answers(f"{world.profile.registry.url}/livez")
    done = world.verify("--json")
    return done.code, set(done.said("failed"))


def wait_until_it_answers(url: str) -> None:
    """A fault may put something else in the registry's place, which takes a moment to stand there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            Browser().ask(url)
        except OSError:
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("fault", PROVISIONED)
def test_a_fault_of_the_role_is_named_once_it_was_run(fault: str, tmp_path: Path) -> None:
    with hardened(tmp_path / "world") as world:

        def provision() -> None:
            programs = world_of(world.profile, Safe()).programs
            done = programs.run(("mise", "run", world.profile.provisioning.task, "--", "--tags", "zot"), timeout=120)
            assert done.code == 0, done.out + done.err

        assert red(world, fault, provision) == (1, PROVISIONED[fault])


@pytest.mark.parametrize("fault", AT_ONCE)
def test_a_fault_that_counts_at_once_is_named(fault: str, tmp_path: Path) -> None:
    with hardened(tmp_path / "world") as world:
        assert red(world, fault) == (1, AT_ONCE[fault])


def test_images_that_could_be_planted_are_a_finding(tmp_path: Path) -> None:
    with hardened(tmp_path / "world") as world:
        assert red(world, "ci-may-plant-images") == (0, set())
        done = world.verify("--only", "access.planting", "--json", "--strict")
        assert (done.code, done.only["checks"][0]["finding"]) == (1, True)
