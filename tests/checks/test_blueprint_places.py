"""Which of the three places a blueprint's new text has not reached."""

from pathlib import Path

import msgspec
import pytest

from tests.platform.blueprint_table import TEXT, argocd, blueprint, deployed
from tests.platform.stand_ins import with_programs
from tests.systems.outside import Safe, Table, tabled, world_of
from zotops.checks.blueprint import BlueprintIsApplied
from zotops.looking import made
from zotops.model import Verdict


@pytest.mark.parametrize(
    ("text", "table", "likely"),
    [
        (TEXT, blueprint(), ""),
        (None, blueprint(), "the ConfigMap, or that key in it, is not deployed"),
        ("new\n", blueprint(), "the worker has not got the new file yet"),
        (TEXT, blueprint(worker=None), "the worker has not got the new file yet"),
        (TEXT, blueprint(applied="old\n", status="error"), "the worker refused the file"),
        (TEXT, blueprint(applied="old\n"), "the worker has the file, but has not applied it"),
        (TEXT, blueprint(status="warning"), "it was applied in part, or turned off"),
        (TEXT, blueprint(status="error"), "it was applied in part, or turned off"),
    ],
)
def test_the_first_place_that_it_did_not_reach_tells_the_cause(
    tmp_path: Path, text: str | None, table: Table, likely: str
) -> None:
    with tabled(table) as provider:
        profile, _ = with_programs(tmp_path, argocd=argocd(tmp_path))
        deployed(tmp_path, text)
        place = msgspec.structs.replace(profile.identity_provider, url=provider.url)
        profile = msgspec.structs.replace(profile, identity_provider=place)
        world = world_of(profile, Safe({profile.provider_token: "token"}))
        evidence = made(BlueprintIsApplied(profile=profile), world, {})
    assert (evidence.verdict, evidence.likely) == (Verdict.FAILED if likely else Verdict.PASSED, likely)
    assert bool(evidence.remedy) == bool(likely)
