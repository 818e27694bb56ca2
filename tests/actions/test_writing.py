"""What verifying by writing does and tells, at a registry in memory."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.actions.shelf import Shelf
from tests.platform.stand_ins import NOTHING, with_programs
from tests.systems.outside import KEY, Safe
from zotops.actions.verify_by_writing import VerifyByWriting
from zotops.errors import ActionFailed
from zotops.model import Attempt, Facts, Intent, Outcome
from zotops.profile import Mirror, Profile
from zotops.systems.services_check import SERVICES_OF_REGISTRY, SERVICES_OTHERS
from zotops.systems.zot_image import SCRATCH_DIGEST, SCRATCH_TAG, pulled_through, tiny_image

SCRATCH, BUSYBOX = "practice/zotops-scratch", "docker.io/library/busybox"
SMALL = tiny_image("upstream")
BUSY, OTHER = Mirror(prefix="docker.io", image="library/busybox:1.36"), Mirror(prefix="ghcr.io", image="x/y")
PRINTED = "Services\\n zot... OK\\n Grafana... FAILED\\n Forgejo... OK\\n"
Told = list[tuple[str, str]]
Doing = Callable[..., tuple[Outcome, Told]]


def with_mirrors(profile: Profile, *mirrors: Mirror) -> Profile:
    registry = msgspec.structs.replace(profile.registry, mirrors=mirrors)
    return msgspec.structs.replace(profile, registry=registry)


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.keep(BUSYBOX, "1.36", SMALL.manifest, SMALL.config, SMALL.layer)
    return shelf


@pytest.fixture
def doing(tmp_path: Path, shelf: Shelf) -> Doing:
    """`doing()`: the outcome and what was told. `key`: in the vault; `mise`: what the services' check does."""

    def done(*, key: str = KEY, mise: str = f"printf '{PRINTED}'") -> tuple[Outcome, Told]:
        profile, world = with_programs(tmp_path, **({"mise": mise} if mise else {}))
        programs = msgspec.structs.replace(profile.programs, search_path=str(tmp_path / "bin"))
        profile = msgspec.structs.replace(with_mirrors(profile, BUSY, OTHER), programs=programs)
        told: Told = []
        safe = Safe({profile.current_key.secret: key})
        world = replace(world, http=shelf, secrets=safe, tell=lambda what, result: told.append((what, result)))
        action = VerifyByWriting(profile=profile)
        intent = action.intent(world, NOTHING, Attempt(run="7f3a", number=1))
        return action.perform(world, intent, NOTHING), told

    return done


def test_what_was_pushed_and_pulled_becomes_facts(doing: Doing, shelf: Shelf) -> None:
    outcome, told = doing()
    digest = tiny_image("zotops/7f3a/1").digest
    assert shelf.tags(SCRATCH) == ["zotops-7f3a-1"]
    assert outcome.facts == {
        SCRATCH_TAG: "zotops-7f3a-1",
        SCRATCH_DIGEST: digest,
        pulled_through(BUSY): SMALL.digest,
        pulled_through(OTHER): "not served: 404",
        SERVICES_OF_REGISTRY: "zot OK, Forgejo OK",
        SERVICES_OTHERS: "Grafana FAILED",
    }
    assert outcome.left == (
        f"{SCRATCH}:zotops-7f3a-1, a few kilobytes; CI may not delete it",
        f"{BUSYBOX}:1.36 in the cache",
        "ghcr.io/x/y:latest in the cache",
    )
    assert told == [
        ("pushed with CI's key", f"{SCRATCH}:zotops-7f3a-1, {digest[:19]}"),
        (f"pulled {BUSYBOX}:1.36", SMALL.digest[:19]),
        ("pulled ghcr.io/x/y:latest", "not served: 404"),
        ("services-check", "3 lines, 2 of the registry, 1 FAILED"),
    ]


def test_a_mirror_that_does_not_answer_is_told(doing: Doing, shelf: Shelf) -> None:
    shelf.says["ghcr.io/x/y/manifests"] = 504, b""
    outcome, told = doing()
    assert outcome.facts[pulled_through(OTHER)].endswith("answered 504")
    assert told[2][1].startswith("not served: ")


def test_without_mise_the_services_are_not_known(doing: Doing) -> None:
    outcome, told = doing(mise="")
    assert SERVICES_OF_REGISTRY not in outcome.facts
    assert told[-1] == ("services-check", "could not be run: `mise` is not installed")


@pytest.mark.parametrize("key", ["", "unset"])
def test_without_a_key_nothing_is_pushed(doing: Doing, shelf: Shelf, key: str) -> None:
    with pytest.raises(ActionFailed, match="holds no key to push with"):
        doing(key=key)
    assert shelf.seen == []


def test_a_place_without_mirrors_does_not_speak_of_them(tmp_path: Path) -> None:
    profile, _ = with_programs(tmp_path)
    both = str(VerifyByWriting(profile=with_mirrors(profile, BUSY, OTHER)))
    assert "pulls library/busybox:1.36, x/y through the registry" in both
    assert "through the registry" not in str(VerifyByWriting(profile=with_mirrors(profile)))


def begun(folder: Path, shelf: Shelf, facts: Facts | None = None) -> Intent:
    """What the third try of a run intends."""
    profile, world = with_programs(folder)
    action = VerifyByWriting(profile=profile)
    return action.intent(replace(world, http=shelf), facts or {}, Attempt(run="7f3a", number=3))


def test_an_image_that_a_try_that_was_cut_off_has_pushed_is_taken(tmp_path: Path, shelf: Shelf) -> None:
    shelf.keep(SCRATCH, "zotops-7f3a-2", tiny_image("zotops/7f3a/2").manifest)
    intent = begun(tmp_path, shelf)
    assert (intent["tag"], intent["pushed"]) == ("zotops-7f3a-2", "yes")
    assert begun(tmp_path, shelf, {SCRATCH_TAG: "zotops-7f3a-2"})["tag"] == "zotops-7f3a-3", "that one came to its end"


def test_another_image_under_that_tag_is_not(tmp_path: Path, shelf: Shelf) -> None:
    shelf.keep(SCRATCH, "zotops-7f3a-2", SMALL.manifest)
    assert (begun(tmp_path, shelf)["tag"], begun(tmp_path, shelf)["pushed"]) == ("zotops-7f3a-3", "")


def test_only_tags_that_are_listed_are_pulled(tmp_path: Path, shelf: Shelf) -> None:
    begun(tmp_path, shelf)
    shelf.says["tags/list"] = 401, b"{}"
    begun(tmp_path, shelf)
    assert shelf.seen == [f"GET /v2/{SCRATCH}/tags/list"] * 2


def test_what_a_try_that_was_cut_off_has_pushed_is_not_pushed_again(tmp_path: Path, shelf: Shelf) -> None:
    shelf.keep(SCRATCH, "zotops-7f3a-2", tiny_image("zotops/7f3a/2").manifest)
    intent = begun(tmp_path, shelf)
    profile, world = with_programs(tmp_path)
    told: Told = []
    safe = Safe({profile.current_key.secret: KEY})
    world = replace(world, http=shelf, secrets=safe, tell=lambda what, result: told.append((what, result)))
    outcome = VerifyByWriting(profile=with_mirrors(profile)).perform(world, intent, NOTHING)
    assert outcome.facts[SCRATCH_TAG] == "zotops-7f3a-2"
    assert told[0] == ("pushed with CI's key", f"{SCRATCH}:zotops-7f3a-2, by a try that was cut off")
    assert not [line for line in shelf.seen if line.startswith(("PUT", "POST"))]
