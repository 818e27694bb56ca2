"""How CI is given its key is told as the profile says that it is given."""

import re
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tests.systems.outside import profile_of
from zotops.checks.rotation_uses import CiWasGivenTheKey
from zotops.profile import Copy, Profile
from zotops.runbooks.in_common import give_ci_the_key, how_ci_was_given_it
from zotops.systems.rotation import BY_API

RECAP = "practice : ok=6 changed=0 unreachable=0 failed=0 skipped=0"


def given_by(tmp_path: Path, way: Literal["role", "api"], *copies: Copy) -> Profile:
    profile = profile_of(tmp_path, registry="http://127.0.0.1:9")
    return msgspec.structs.replace(profile, forge=msgspec.structs.replace(profile.forge, given_by=way, copies=copies))


@pytest.mark.parametrize(
    ("way", "answer", "other"), [("role", RECAP, BY_API), ("api", BY_API, RECAP)], ids=["role", "api"]
)
def test_a_person_is_sent_where_the_key_is_given_and_asked_what_shows_it(
    tmp_path: Path, way: Literal["role", "api"], answer: str, other: str
) -> None:
    profile = given_by(tmp_path, way)
    form = how_ci_was_given_it(profile).form
    assert re.fullmatch(form, answer)
    assert not re.fullmatch(form, other)
    command = CiWasGivenTheKey(profile=profile).look.command
    assert command in give_ci_the_key(profile)
    assert command.startswith("mise run " if way == "role" else profile.forge.web_url)


@pytest.mark.parametrize("way", ["role", "api"])
def test_further_repositories_are_named(tmp_path: Path, way: Literal["role", "api"]) -> None:
    website = Copy(owner="ops", repo="website", secret="K")
    assert "Then set the Actions secret of ops/website" in give_ci_the_key(given_by(tmp_path, way, website))
    assert "Then set" not in give_ci_the_key(given_by(tmp_path, way))
