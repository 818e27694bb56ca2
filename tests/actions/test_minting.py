"""Each turn that the minting of a key can take, at a ring of keys in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.actions.key_ring import PATH, KeyRing
from tests.checks.test_questions import PREVIEW, PROVIDERS, claims, provider
from tests.checks.test_sessions import CLEAN, SESSION, SESSIONS, page
from tests.platform.stand_ins import NOTHING, flying
from tests.systems.outside import KEY, Safe, TableServer, profile_of, tabled, world_of
from zotops.actions.minting import Minting
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Attempt, Facts, Intent, Outcome, Settled, State
from zotops.systems.key_places import KEY_PRINT, own_field
from zotops.systems.zot import Caller, with_key
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID, KEY_LABEL
from zotops.world import Secret, World

URL = "http://registry.invalid"
INTENT = {"label": "zotops/7f3a/2", "run": "7f3a", "expires": "2026-06-05T00:00:00+00:00"}
SECOND, THIRD = KEY.replace("0", "e"), KEY.replace("0", "d")


class WithAKey(Minting):
    """The next key, made with the one in use."""

    def __str__(self) -> str:
        return "makes a key"

    @contextmanager
    def as_ci(self, world: World, facts: Facts, left: list[str]) -> Iterator[Caller]:
        """With the key that is always there."""
        del world, facts
        left.append("whatever stays of that")
        yield with_key("zot-ci", Secret(KEY))


@dataclass
class Place:
    """A ring with CI's key on it; the vault holds it as the current one."""

    ring: KeyRing
    action: Minting
    world: World
    safe: Safe
    provider: TableServer
    told: list[tuple[str, str]]

    def holds(self, **keys: str) -> None:
        """Put keys into the fields current, pending and previous."""
        profile = self.action.profile
        refs = {
            "current": profile.current_key.secret,
            "pending": profile.pending_key.secret,
            "previous": own_field(profile, "previous"),
        }
        self.safe.fields |= {refs[name]: key for name, key in keys.items()}

    @property
    def pending(self) -> str:
        return self.safe.fields[self.action.profile.pending_key.secret]

    def perform(self) -> Outcome:
        return self.action.perform(self.world, INTENT, NOTHING)

    def settle(self, intent: Intent = INTENT) -> Settled:
        return self.action.settle(self.world, intent)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    lines = {**CLEAN, PROVIDERS: provider(), PREVIEW: claims(["artifact-workloads"])}
    with tabled(lines) as server:
        profile = profile_of(tmp_path, registry=URL, provider=server.url)
        ring = KeyRing(URL)
        ring.add(KEY, "made by hand")
        told: list[tuple[str, str]] = []
        safe = Safe({profile.provider_token: "token"})
        world = replace(
            flying(world_of(profile, safe)), http=ring, tell=lambda what, result: told.append((what, result))
        )
        found = Place(ring, WithAKey(profile=profile), world, safe, server, told)
        found.holds(current=KEY, pending="", previous="")
        yield found


def test_a_key_is_made_kept_and_told(place: Place) -> None:
    outcome = place.perform()
    assert place.ring.labels == ["made by hand", "zotops/7f3a/2"]
    assert outcome.facts == {
        KEY_ID: "id-0001",
        KEY_LABEL: "zotops/7f3a/2",
        KEY_EXPIRES: "2026-06-05T00:00:00+00:00",
        KEY_PRINT: place.safe.fingerprint(Secret(place.pending)),
    }
    assert outcome.left == ("whatever stays of that",)
    assert [what for what, _ in place.told] == ["claims previewed", "key made", "pending field"]


def test_a_key_without_an_end_has_none_as_a_fact(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/2", expires="0001-01-01T00:00:00Z")
    place.holds(pending=SECOND)
    assert place.settle().outcome.facts[KEY_EXPIRES] == ""


def test_what_this_run_made_before_goes_first_and_nothing_else(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/1")
    place.ring.add(THIRD, "zotops/other/1")
    place.holds(pending=SECOND)
    assert place.perform().left == ("whatever stays of that",)
    assert place.ring.labels == ["made by hand", "zotops/other/1", "zotops/7f3a/2"]
    assert ("leftover deleted", "id ..0001, made by this run") in place.told


def test_a_key_of_this_run_that_was_in_use_is_no_leftover(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/1")
    place.holds(previous=SECOND, pending=SECOND)
    assert place.perform().left == ("whatever stays of that",)
    assert place.ring.labels == ["made by hand", "zotops/7f3a/1", "zotops/7f3a/2"]


def test_a_key_in_use_is_kept_although_another_was_used_at_the_same_moment(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/1")
    place.ring.add(THIRD, "somebody else's")
    place.holds(previous=SECOND)
    place.ring.meddle(THIRD, 5)
    place.perform()
    assert "zotops/7f3a/1" in place.ring.labels


def test_where_this_runs_key_is_in_use_no_other_is_made(place: Place) -> None:
    """The one would follow the other, and only the one from before the run is ended at last."""
    place.ring.add(SECOND, "zotops/7f3a/1")
    place.holds(current=SECOND)
    with pytest.raises(ActionFailed, match=r"no key was made: .* zotops/7f3a/1, is in use already") as refused:
        place.perform()
    assert "--undo" in str(refused.value)
    assert place.ring.labels == ["made by hand", "zotops/7f3a/1"]


@pytest.mark.parametrize("field", ["current", "previous"])
@pytest.mark.parametrize("status", [302, 429, 500])
def test_a_registry_that_does_not_judge_the_key_in_use_gets_none_deleted(place: Place, field: str, status: int) -> None:
    place.ring.add(SECOND, "zotops/7f3a/1")
    place.holds(**{field: SECOND})
    place.ring.says["GET /v2/"] = status
    with pytest.raises(ActionFailed, match=f"no key was made: .* answered {status}"):
        place.perform()
    assert place.ring.labels == ["made by hand", "zotops/7f3a/1"]


def test_a_key_of_this_run_that_has_ended_is_a_leftover_wherever_it_is_kept(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/1", expired=True)
    place.holds(previous=SECOND)
    place.perform()
    assert place.ring.labels == ["made by hand", "zotops/7f3a/2"]


def test_a_pending_key_of_somebody_else_is_replaced_and_named(place: Place) -> None:
    place.ring.add(SECOND, "zotops/other/1")
    place.holds(pending=SECOND)
    assert place.perform().left[1:] == ('the key "zotops/other/1" that was pending; nothing uses it',)
    assert "zotops/other/1" in place.ring.labels


@pytest.mark.parametrize(("pending", "asked"), [(THIRD, True), ("unset", False)])
def test_a_pending_field_without_a_key_that_works_is_just_filled(place: Place, pending: str, *, asked: bool) -> None:
    place.holds(pending=pending)
    assert len(place.perform().left) == 1
    assert place.pending not in {THIRD, "unset"}
    assert bool(place.ring.strangers) is asked, "what is no key is not sent"


def test_a_vault_that_refuses_takes_the_key_back(place: Place) -> None:
    place.safe.refuses = True
    with pytest.raises(ActionFailed, match="the vault did not take the key, so it is deleted again"):
        place.perform()
    assert place.ring.labels == ["made by hand"]


def test_an_answer_without_a_key_is_taken_back_by_its_label(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/9")
    place.holds(previous=SECOND)  # somebody may use it, so it has to stay
    place.ring.says[f"POST {PATH}"] = 504
    with pytest.raises(ActionFailed, match=r"no key is left: .*504; whatever was made is deleted again"):
        place.perform()
    assert place.ring.labels == ["made by hand", "zotops/7f3a/9"]


def test_a_key_that_is_still_listed_after_its_deletion_leaves_it_uncertain(place: Place) -> None:
    place.ring.keeps = True
    place.safe.refuses = True
    with pytest.raises(Uncertain, match=r"still listed after they were deleted: zotops/7f3a/2$"):
        place.perform()


def test_a_deletion_that_is_refused_leaves_it_uncertain(place: Place) -> None:
    place.ring.says[f"DELETE {PATH}"] = 500
    place.safe.refuses = True
    with pytest.raises(Uncertain, match="did not delete key id-0001: 500"):
        place.perform()


def test_where_nothing_is_to_be_deleted_the_list_is_asked_for_once(place: Place) -> None:
    place.holds(current="")
    place.perform()
    assert place.ring.uses == 2  # what there is, and the new one


@pytest.mark.parametrize(
    ("label", "pending", "sessions", "state", "leftover"),
    [
        ("zotops/7f3a/2", SECOND, (), State.HAPPENED, ""),
        ("zotops/7f3a/1", SECOND, (), State.DID_NOT, "may exist; the next try deletes it"),
        ("zotops/7f3a/2", THIRD, (), State.DID_NOT, "may exist; the next try deletes it"),
        ("zotops/7f3a/2", "unset", (), State.DID_NOT, "may exist; the next try deletes it"),
        ("zotops/7f3a/2", SECOND, (SESSION,), State.DID_NOT, "and a session of zot-ci are left"),
    ],
)
def test_the_pending_key_tells_afterwards_what_happened(
    *, place: Place, label: str, pending: str, sessions: tuple[Any, ...], state: State, leftover: str
) -> None:
    place.ring.add(SECOND, label)
    place.holds(pending=pending)
    place.provider.table[SESSIONS] = page(*sessions)
    settled = place.settle()
    assert (settled.state, leftover in settled.leftover) == (state, True)
    assert settled.outcome.facts.get(KEY_LABEL) == (label if state is State.HAPPENED else None)


def test_what_is_no_key_is_not_sent_afterwards_either(place: Place) -> None:
    place.holds(pending="unset")
    place.settle()
    assert place.ring.strangers == 0


def test_a_key_that_works_and_is_not_listed_leaves_it_open(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/2")
    place.holds(pending=SECOND)
    place.ring.hides = True
    assert place.settle().state is State.CANNOT_TELL


def test_the_pending_key_tells_although_another_was_used_at_the_same_moment(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/2")
    place.ring.add(THIRD, "somebody else's")
    place.holds(pending=SECOND)
    place.ring.meddle(THIRD, 3)
    assert place.settle().state is State.HAPPENED


def test_a_registry_that_does_not_judge_the_pending_key_leaves_it_open(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/2")
    place.holds(pending=SECOND)
    place.ring.says["GET /v2/"] = 500
    assert place.settle().state is State.CANNOT_TELL


def test_a_list_that_cannot_be_had_leaves_it_open(place: Place) -> None:
    place.ring.add(SECOND, "zotops/7f3a/2")
    place.holds(pending=SECOND)
    place.ring.says[f"GET {PATH}"] = 500
    settled = place.settle()
    assert (settled.state, "zotops/7f3a/2" in settled.how) == (State.CANNOT_TELL, True)


def test_the_intent_names_label_run_and_end(place: Place) -> None:
    profile = place.action.profile
    rotation = msgspec.structs.replace(profile.rotation, lifetime_days=1)
    action = WithAKey(profile=msgspec.structs.replace(profile, rotation=rotation))
    intent = action.intent(place.world, NOTHING, Attempt(run="7f3a", number=2))
    assert (intent["label"], intent["run"]) == ("zotops/7f3a/2", "7f3a")
    lasts = datetime.fromisoformat(intent["expires"]) - datetime.now(UTC)
    assert timedelta(hours=23) < lasts <= timedelta(days=1)
