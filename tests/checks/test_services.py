"""The services' own check, read line by line."""

from pathlib import Path

import msgspec
import pytest

from tests.platform.stand_ins import with_programs
from zotops.checks.services import ServicesLines
from zotops.looking import made
from zotops.model import Evidence, Facts, Verdict
from zotops.systems.services_check import SERVICES_OF_REGISTRY, SERVICES_OTHERS


def seen(folder: Path, facts: Facts) -> Evidence:
    profile, world = with_programs(folder)
    provisioning = msgspec.structs.replace(profile.provisioning, services_lines=("zot", "Zot Registry"))
    return made(ServicesLines(profile=msgspec.structs.replace(profile, provisioning=provisioning)), world, facts)


@pytest.mark.parametrize(
    ("ours", "others", "verdict", "observed"),
    [
        ("zot OK, Zot Registry OK", "", Verdict.PASSED, "2 OK"),
        ("zot OK, Zot Registry OK", "Grafana FAILED, Miniflux OK", Verdict.PASSED, "2 OK; others that FAILED: Grafana"),
        ("zot FAILED, Zot Registry OK", "", Verdict.FAILED, "zot FAILED"),
        ("zot OK", "", Verdict.FAILED, "Zot Registry not printed"),
        ("", "", Verdict.FAILED, "zot not printed; Zot Registry not printed"),
    ],
)
def test_only_the_registrys_lines_decide(
    tmp_path: Path, ours: str, others: str, verdict: Verdict, observed: str
) -> None:
    evidence = seen(tmp_path, {SERVICES_OF_REGISTRY: ours, SERVICES_OTHERS: others})
    assert (evidence.verdict, evidence.observed) == (verdict, observed)


def test_before_it_was_run_it_is_not_known(tmp_path: Path) -> None:
    evidence = seen(tmp_path, {})
    assert (evidence.verdict, evidence.observed.startswith("not yet")) == (Verdict.FAILED, True)
