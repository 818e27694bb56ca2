from collections.abc import Callable
from typing import Any

import pytest

from tests.checks.conftest import IMAGE, Here
from zotops.checks.version import VersionAtFloor
from zotops.model import Verdict

Answers = Callable[..., Here]
MGMT, MOVE = "GET /v2/_zot/ext/mgmt", f"key PUT {IMAGE}/manifests/digest?tag=v1"


def says(release: str) -> tuple[int, dict[str, str]]:
    return 200, {"distSpecVersion": "1.1.1", "releaseTag": release}


@pytest.mark.parametrize(
    ("changes", "key", "verdict", "observed"),
    [
        ({}, True, Verdict.PASSED, "does not say its version; a digest pushed with ?tag= is refused"),
        ({MOVE: 415}, True, Verdict.FAILED, "a digest pushed with ?tag= is let through"),
        ({MGMT: says("v2.1.20")}, False, Verdict.PASSED, "says 2.1.20"),
        ({MGMT: says("v2.2.0")}, False, Verdict.PASSED, "says 2.2.0"),
        ({MGMT: says("v2.1.18")}, False, Verdict.FAILED, "says 2.1.18"),
        ({MGMT: says("v2.1.20"), MOVE: 415}, True, Verdict.FAILED, "says 2.1.20; a digest pushed"),
        ({MGMT: says("")}, False, Verdict.UNKNOWN, "it takes CI's key to probe for it"),
        ({MGMT: (404, says("v2.1.20")[1])}, False, Verdict.UNKNOWN, "does not say its version"),
        ({}, False, Verdict.UNKNOWN, "it takes CI's key to probe for it"),
        ({f"key PUT {IMAGE}/manifests/unused": 403}, True, Verdict.UNKNOWN, "does not say its version"),
        ({f"key PUT {IMAGE}/manifests/v1": 415}, True, Verdict.UNKNOWN, "does not say its version"),
    ],
)
def test_behaviour_decides_and_words_are_second_best(
    changes: dict[str, Any], key: bool, verdict: Verdict, observed: str, answers: Answers
) -> None:
    here = answers(changes) if key else answers(changes, key="")
    evidence = here.look(VersionAtFloor(profile=here.profile))
    assert evidence.verdict is verdict
    assert observed in evidence.observed


def test_a_registry_that_does_not_answer_is_unknown(nowhere: Here) -> None:
    assert nowhere.look(VersionAtFloor(profile=nowhere.profile)).verdict is Verdict.UNKNOWN
