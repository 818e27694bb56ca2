"""A password for the CI user: kept before it counts, and never shown."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.platform.stand_ins import NOTHING
from tests.systems.outside import Place, practice
from zotops.actions.set_password import SetCiPassword
from zotops.errors import ActionFailed
from zotops.model import Attempt, State
from zotops.world import SecretRef

FIRST = Attempt(run="7f3a", number=1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("password") / "world", "hardened") as running:
        yield running


def test_it_is_kept_and_set_and_never_shown(place: Place) -> None:
    ci = msgspec.structs.replace(place.profile.ci, sign_in="password", password="own/password")
    action = SetCiPassword(profile=msgspec.structs.replace(place.profile, ci=ci))
    intent = action.intent(place.world, NOTHING, FIRST)
    outcome = action.perform(place.world, intent, NOTHING)
    kept = place.safe.fields[SecretRef("own", "password")]
    assert place.state.read("provider")["users"]["zot-ci"]["password"] == kept
    assert len(kept) > 30
    assert kept in place.registered
    assert kept not in repr((intent, outcome, place.told))
    assert action.settle(place.world, intent).state is State.DID_NOT


def test_without_the_user_nothing_is_kept(place: Place) -> None:
    ci = msgspec.structs.replace(place.profile.ci, name="nobody", sign_in="password", password="own/nobodys")
    action = SetCiPassword(profile=msgspec.structs.replace(place.profile, ci=ci))
    with pytest.raises(ActionFailed, match="no user nobody"):
        action.perform(place.world, action.intent(place.world, NOTHING, FIRST), NOTHING)
    assert SecretRef("own", "nobodys") not in place.safe.fields
