from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import Here
from tests.systems.outside import Safe, Table, profile_of, tabled, world_of
from zotops.checks.second_factor import NoSecondFactorLeft
from zotops.model import Verdict

USERS = "GET /api/v3/core/users/?username=zot-ci&page=1&page_size=100"
DEVICES = "GET /api/v3/authenticators/admin/all/?user=7"
CI = {"pk": 7, "username": "zot-ci", "type": "service_account"}
DEVICE = {"pk": "1", "type": "static", "name": "Static tokens", "confirmed": True}
CLEAN: Table = {USERS: (200, {"pagination": {"next": 0}, "results": [CI]}), DEVICES: (200, [])}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:

        def answering(changes: Table) -> Here:
            server = stack.enter_context(tabled({**CLEAN, **changes}))
            profile = profile_of(tmp_path, registry=server.url, provider=server.url)
            safe = Safe({profile.provider_token: "token"})
            return Here(server=server, profile=profile, safe=safe, world=world_of(profile, safe))

        yield answering


@pytest.mark.parametrize(
    ("changes", "verdict", "observed"),
    [
        ({}, Verdict.PASSED, "none"),
        ({USERS: (200, {"pagination": {"next": 0}, "results": []})}, Verdict.PASSED, "none"),
        ({DEVICES: (200, [DEVICE])}, Verdict.FAILED, "Static tokens (static)"),
        ({DEVICES: 403}, Verdict.UNKNOWN, "refuses the API token"),
    ],
)
def test_a_device_of_the_ci_user_is_seen(changes: Table, verdict: Verdict, observed: str, provider: Any) -> None:
    here = provider(changes)
    evidence = here.look(NoSecondFactorLeft(profile=here.profile))
    assert evidence.verdict is verdict, evidence
    assert observed in evidence.observed
