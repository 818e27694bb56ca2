from collections.abc import Callable

import msgspec
import pytest

from tests.checks.conftest import Here
from tests.systems.outside import Table
from zotops.checks.planting import CiMayNotPlant
from zotops.model import Verdict
from zotops.profile import Mirror

BELOW = "PUT /v2/docker.io/library/busybox/manifests/unused"
OURS = "PUT /v2/practice/nettest/manifests/unused"
Answers = Callable[..., Here]


@pytest.mark.parametrize(
    ("changes", "verdict", "observed"),
    [
        ({f"key {BELOW}": 403}, Verdict.PASSED, "docker.io/library/busybox: 403"),
        ({f"key {BELOW}": 415}, Verdict.FAILED, "docker.io/library/busybox: 415"),
        ({f"key {BELOW}": 500}, Verdict.UNKNOWN, "500, which says nothing about rights"),
        ({f"key {BELOW}": 403, OURS: 415}, Verdict.FAILED, "403"),
    ],
)
def test_whether_ci_can_push_below_a_mirror_is_seen(
    changes: Table, verdict: Verdict, observed: str, answers: Answers
) -> None:
    here = answers(changes)
    evidence = here.look(CiMayNotPlant(profile=here.profile))
    assert evidence.verdict is verdict, evidence
    assert observed in evidence.observed


def test_it_is_a_finding_and_asks_for_nothing_but_the_probe(answers: Answers) -> None:
    here = answers({f"key {BELOW}": 415})
    check = CiMayNotPlant(profile=here.profile)
    evidence = here.look(check)
    assert check.advisory
    assert "pattern" in evidence.remedy
    assert {line.partition(" ")[2] for line, _ in here.server.seen} == {BELOW, OURS}


def test_without_a_key_nothing_can_be_told(answers: Answers) -> None:
    here = answers(key="")
    assert "no key yet" in here.look(CiMayNotPlant(profile=here.profile)).observed


def test_where_nothing_is_mirrored_nothing_can_be_planted(answers: Answers) -> None:
    here = answers()
    registry = msgspec.structs.replace(here.profile.registry, mirrors=())
    profile = msgspec.structs.replace(here.profile, registry=registry)
    evidence = here.look(CiMayNotPlant(profile=profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, "no mirrors")
    check = CiMayNotPlant(profile=profile)
    assert "a mirror's prefix: there is none" in evidence.expected
    assert check.look.want == "the profile names no mirrors"


def test_a_person_probes_below_the_first_prefix(answers: Answers) -> None:
    check = CiMayNotPlant(profile=answers().profile)
    assert f"/{BELOW.partition('/v2/')[2]}" in check.look.command
    assert check.look.want == "403"
    assert "docker.io" in str(check)


def test_each_mirror_is_probed_and_one_that_lets_ci_push_is_enough(answers: Answers) -> None:
    other = "PUT /v2/ghcr.io/x/y/manifests/unused"
    here = answers({f"key {BELOW}": 403, f"key {other}": 415})
    mirrors = (*here.profile.registry.mirrors, Mirror(prefix="ghcr.io", image="x/y:1"))
    registry = msgspec.structs.replace(here.profile.registry, mirrors=mirrors)
    evidence = here.look(CiMayNotPlant(profile=msgspec.structs.replace(here.profile, registry=registry)))
    assert evidence.expected == "403 to a new tag below docker.io, ghcr.io"
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "docker.io/library/busybox: 403, ghcr.io/x/y: 415")


def test_a_registry_that_takes_a_made_up_key_judges_nobody(answers: Answers) -> None:
    here = answers({f"key {BELOW}": 403, OURS: 403})
    evidence = here.look(CiMayNotPlant(profile=here.profile))
    assert (evidence.verdict, evidence.twin) == (Verdict.FAILED, "a made-up key: 403")
