"""A world is opened and closed; what ends a command within it says no secret."""

from pathlib import Path

import pytest

from tests.systems.outside import profile_of
from zotops.commands.opening import open_world, seen_from_here
from zotops.errors import ActionFailed
from zotops.profile import Profile
from zotops.profile_file import read_profile
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.world import Secret

ROOT = Path(__file__).parents[2]
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


def test_what_only_the_server_asks_is_left_out_where_that_is_wanted_and_named() -> None:
    profile = read_profile(ROOT / "profiles" / "indri.toml")
    away = [each.url for each in profile.registry.addresses if each.reached_from == "server"]
    away += [f"consumer {each.name}" for each in profile.consumers if each.reached_from == "server"]
    assert away == ["consumer minikube", "consumer the runner's Docker-in-Docker"]
    near, left_out = seen_from_here(profile)
    assert [text.partition(": only the server")[0] for text in left_out] == away
    assert "server" not in {each.reached_from for each in near.registry.addresses}
    assert [each.name for each in near.consumers] == ["k3s on ringtail"]
    assert seen_from_here(near) == (near, ())
