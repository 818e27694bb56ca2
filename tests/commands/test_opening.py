"""A world is opened and closed; what ends a command within it says no secret."""

from pathlib import Path

import pytest

from tests.systems.outside import profile_of
from zotops.commands.opening import open_world
from zotops.errors import ActionFailed
from zotops.profile import Profile
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.world import Secret

SECRET = "correct-horse-battery"


def test_whatever_ends_a_command_is_said_without_any_secret(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, registry="http://127.0.0.1:1")
    stop = ActionFailed(f"the play said: {SECRET}", remedy=f"look for {SECRET}")
    with pytest.raises(ActionFailed) as caught:
        ends(profile, tmp_path, stop)
    assert (caught.value.what, caught.value.remedy) == (f"the play said: {PLACEHOLDER}", f"look for {PLACEHOLDER}")


def ends(profile: Profile, folder: Path, stop: ActionFailed) -> None:
    """By that, once the secret is known."""
    with open_world(profile, folder, Redactor()) as world:
        world.register(Secret(SECRET))
        raise stop
