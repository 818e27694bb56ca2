"""By hand a key is ended or noted by what the run knows of it: a fact is shown only where the instructions name it."""

from pathlib import Path

import pytest

from tests.systems.outside import profile_of
from zotops.model import Fact
from zotops.runbooks import RUNBOOKS
from zotops.systems.rotation import OLD_KEY_ID, OLD_KEY_LABEL
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID, KEY_LABEL


@pytest.mark.parametrize(
    ("runbook", "step", "facts"),
    [
        ("rotate-key", "revoke", (OLD_KEY_ID, OLD_KEY_LABEL)),
        ("rotate-key", "arm", (KEY_EXPIRES, KEY_ID, OLD_KEY_ID)),
        ("rotate-leaked-key", "end-others", (KEY_ID, KEY_LABEL)),
        ("rotate-leaked-key", "arm", (KEY_EXPIRES, KEY_ID, OLD_KEY_ID)),
    ],
)
def test_which_key_is_meant_stands_above_the_instructions(
    tmp_path: Path, runbook: str, step: str, facts: tuple[Fact, ...]
) -> None:
    profile = profile_of(tmp_path, registry="http://127.0.0.1:9")
    instructions = RUNBOOKS[runbook](profile).step(step).instructions
    assert [fact for fact in facts if str(fact) not in instructions] == []
