from collections.abc import Callable

import msgspec
import pytest

from tests.checks.conftest import Here
from tests.systems.outside import Table
from zotops.checks.planting import CiMayNotPlant
from zotops.model import Verdict

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
