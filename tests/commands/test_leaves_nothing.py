"""Whatever a runbook looks at is as it was: the registry's storage, before and after each check."""

from pathlib import Path

import pytest

from tests.commands.verifying import KINDS, hardened
from zotops.commands.opening import open_world
from zotops.looking import look
from zotops.model import Check, Fact
from zotops.redaction import Redactor
from zotops.runbooks import RUNBOOKS


@pytest.mark.timeout(240)
@pytest.mark.costly("stand-ins")
@pytest.mark.parametrize("kind", KINDS)
def test_no_check_leaves_anything_in_the_registry_but_those_that_say_so(kind: str, tmp_path: Path) -> None:
    leaving, seen = set(), list[Check]()
    with hardened(tmp_path / "world", kind) as found, open_world(found.profile, tmp_path, Redactor()) as world:
        for runbook in RUNBOOKS.values():
            facts: dict[Fact, str] = {}
            for step in runbook(found.profile).steps:
                for check in step.checks:
                    if check in seen:
                        continue
                    seen.append(check)
                    before = found.storage()
                    for _, evidence in look([check], world, facts):
                        facts.update(evidence.facts)
                    if found.storage() != before:
                        leaving.add(str(check))
                        assert check.leaves, check
    assert leaving == {"a sign-in leads to the identity provider"}
