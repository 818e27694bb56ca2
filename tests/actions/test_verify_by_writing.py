from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from tests.systems.outside import KEY, Place, practice
from zotops.actions.verify_by_writing import VerifyByWriting
from zotops.checks.pull_through import PullThroughWorks
from zotops.checks.scratch import ScratchImageCameBack
from zotops.errors import ActionFailed
from zotops.looking import made
from zotops.model import Attempt, Facts, Outcome, State, Verdict
from zotops.systems.services_check import SERVICES_OF_REGISTRY, SERVICES_OTHERS, parse_written
from zotops.systems.zot import open_zot, with_key
from zotops.systems.zot_image import SCRATCH_DIGEST, SCRATCH_TAG, pulled_through, push_image, tiny_image

NOTHING: Facts = {}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("verify") / "world", "hardened") as running:
        yield running


def perform(place: Place, number: int, *, attempt: int = 1, facts: Facts = NOTHING) -> Outcome:
    """One try of a run of its own, whose id ends in that number."""
    action = VerifyByWriting(profile=place.profile)
    intent = action.intent(place.world, facts, Attempt(run=f"7f3{number}", number=attempt))
    return action.perform(place.world, intent, facts)


def looked(place: Place, facts: Facts) -> list[Verdict]:
    checks = (ScratchImageCameBack(profile=place.profile), PullThroughWorks(profile=place.profile))
    return [made(check, place.world, facts).verdict for check in checks]


def test_what_was_written_comes_back(place: Place) -> None:
    outcome = perform(place, 1)
    assert outcome.facts[SCRATCH_TAG] == "zotops-7f31-1"
    assert looked(place, outcome.facts) == [Verdict.PASSED, Verdict.PASSED]


def test_what_stays_is_said(place: Place) -> None:
    left = perform(place, 2).left
    assert left[0].startswith("practice/zotops-scratch:zotops-7f32-1")
    assert left[1] == "docker.io/library/busybox:1.36 in the cache"


def test_the_services_lines_are_told_apart(place: Place) -> None:
    facts = perform(place, 3).facts
    ours, others = (parse_written(facts[fact]) for fact in (SERVICES_OF_REGISTRY, SERVICES_OTHERS))
    assert {line.name for line in ours} == set(place.profile.provisioning.services_lines)
    assert others
    assert all(line.ok for line in ours)


def test_without_a_key_nothing_is_pushed(place: Place) -> None:
    safe = replace(place.safe, fields={**place.safe.fields, place.profile.current_key.secret: ""})
    with pytest.raises(ActionFailed, match="holds no key to push with"):
        perform(replace(place, world=replace(place.world, secrets=safe)), 4)


def test_a_key_that_is_not_taken_pushes_nothing(place: Place) -> None:
    safe = replace(place.safe, fields={**place.safe.fields, place.profile.current_key.secret: KEY})
    with pytest.raises(ActionFailed, match="401, not 202"):
        perform(replace(place, world=replace(place.world, secrets=safe)), 5)


def test_a_mirror_that_gives_nothing_and_a_missing_program_are_for_the_checks_to_judge(place: Place) -> None:
    mirror = msgspec.structs.replace(place.profile.registry.mirrors[0], image="library/not-there:1")
    registry = msgspec.structs.replace(place.profile.registry, mirrors=(mirror,))
    provisioning = msgspec.structs.replace(place.profile.provisioning, services_check="no-such-task")
    profile = msgspec.structs.replace(place.profile, registry=registry, provisioning=provisioning)
    facts = perform(replace(place, profile=profile), 0).facts
    assert facts[pulled_through(mirror)] == "not served: 404"
    assert facts[SERVICES_OF_REGISTRY] == ""
    assert looked(replace(place, profile=profile), facts) == [Verdict.PASSED, Verdict.FAILED]


def test_settle_says_what_may_be_there(place: Place) -> None:
    action = VerifyByWriting(profile=place.profile)
    settled = action.settle(place.world, action.intent(place.world, {}, Attempt(run="7f37", number=1)))
    assert settled.state is State.DID_NOT
    assert "zotops-7f37-1 may have been pushed" in settled.leftover


def test_what_a_try_that_was_cut_off_has_pushed_is_not_pushed_again(place: Place) -> None:
    perform(place, 7)
    told: list[tuple[str, str]] = []
    listening = replace(place, world=replace(place.world, tell=lambda *said: told.append(said)))
    assert perform(listening, 7, attempt=3).facts[SCRATCH_TAG] == "zotops-7f37-1"
    assert told[0] == ("pushed with CI's key", "practice/zotops-scratch:zotops-7f37-1, by a try that was cut off")


def test_a_try_that_came_to_its_end_is_followed_by_a_push_of_its_own(place: Place) -> None:
    first = perform(place, 9)
    assert perform(place, 9, attempt=2, facts=first.facts).facts[SCRATCH_TAG] == "zotops-7f39-2"


def test_another_image_under_such_a_tag_is_not_taken_for_ours(place: Place) -> None:
    key = place.world.secrets.read(place.profile.current_key.secret)
    zot, scratch = open_zot(place.world, place.profile), place.profile.registry.scratch
    push_image(zot, scratch, "zotops-7f36-1", tiny_image("somebody else's"), with_key(place.profile.ci.name, key))
    assert perform(place, 6, attempt=2).facts[SCRATCH_TAG] == "zotops-7f36-2"


def test_the_digest_is_known_before_it_is_pushed(place: Place) -> None:
    action = VerifyByWriting(profile=place.profile)
    intent = action.intent(place.world, {}, Attempt(run="7f38", number=1))
    assert perform(place, 8).facts[SCRATCH_DIGEST] == intent["digest"]
