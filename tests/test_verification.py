"""verify against a server whose rules are known: it finds exactly what differs, and says each thing once."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.checks.matrix_cells import read_matrix
from tests.commands.verifying import KINDS, Hardened, hardened
from tests.systems.outside import Safe, world_of
from zotops.lab import vault
from zotops.lab.first_key import make_key
from zotops.model import Verdict
from zotops.profile import Profile, RightName, Tier, Tiers, Verify, parse_ref
from zotops.systems.zot import open_zot
from zotops.systems.zot_image import mirrored, pull_image
from zotops.verdict_table import summary
from zotops.verification import Selected, Verified, verify
from zotops.world import World

RIGHTS: tuple[RightName, ...] = ("read", "create", "update", "delete")
LOADED = "loaded new configuration settings"
some = st.sets(st.sampled_from(RIGHTS)).map(lambda chosen: tuple(sorted(chosen)))
Rules = dict[str, Any]


class Place:
    """A hardened world whose rules can be changed, and the safe that holds its key."""

    def __init__(self, world: Hardened) -> None:
        self.lab, self.profile = world, world.profile
        names = json.loads((world.root / "world.json").read_text())["names"]
        key = vault.value_of(world.state.read("vault"), names["shared_item"], names["field"]) or ""
        self.safe = Safe({self.profile.current_key.secret: key})
        self.config = world.root / "host" / "zot" / "config.json"
        self.first = self.config.read_text()

    @property
    def world(self) -> World:
        return world_of(self.profile, self.safe)

    def loads(self) -> int:
        return sum(path.read_text(errors="replace").count(LOADED) for path in self._logs())

    def _logs(self) -> list[Path]:
        return [*(self.lab.root / "log").glob("*.log"), *(self.lab.root / "host" / "zot").glob("*.log")]

    def rule(self, rules: Rules) -> None:
        """Put these in force, in place, and wait until they are."""
        config = json.loads(self.first)
        config["http"]["accessControl"] = rules
        text = json.dumps(config)
        if self.config.read_text() == text:
            return
        before, until = self.loads(), time.monotonic() + 5
        self.config.write_text(text)
        while self.loads() == before:
            assert time.monotonic() < until, "the registry does not take its new rules over"
            time.sleep(0.01)

    def look(self, profile: Profile | None = None) -> Verified:
        return verify(self.world, profile or self.profile, Selected(names=("access",)))


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with hardened(tmp_path_factory.mktemp("world"), request.param) as world:
        yield Place(world)


def rules(*, anonymous: Any = ("read",), signed_in: Any = ("read",), ci: Any = ("read", "create")) -> Rules:
    """One pattern for everything, and the administrators."""
    return {
        "repositories": {
            "**": {
                "anonymousPolicy": list(anonymous),
                "defaultPolicy": list(signed_in),
                "policies": [{"groups": ["artifact-workloads"], "actions": list(ci)}],
            }
        },
        "adminPolicy": {"groups": ["admins"], "actions": list(RIGHTS)},
        "metrics": {"anonymousPolicy": ["read"]},
    }


def with_tiers(profile: Profile, anonymous: Any, signed_in: Any, ci: Any) -> Profile:
    group = Tier(group=profile.tiers.ci.group, actions=ci)
    tiers = Tiers(anonymous=anonymous, signed_in=signed_in, ci=group, admins=profile.tiers.admins)
    return msgspec.structs.replace(profile, tiers=tiers)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(there=st.tuples(some, some, some), wanted=st.tuples(some, some, some))
def test_exactly_what_differs_from_the_profile_is_red(
    place: Place, there: tuple[Any, Any, Any], wanted: tuple[Any, Any, Any]
) -> None:
    assume("read" in there[0] + there[1] + there[2])  # else nobody can find a tag to ask with
    place.rule(rules(anonymous=there[0], signed_in=there[1], ci=there[2]))
    profile = with_tiers(place.profile, *wanted)
    differs = {("nobody", right) for right in set(there[0]) ^ set(wanted[0])}
    differs |= {("ci", right) for right in set(there[1] + there[2]) ^ set(wanted[1] + wanted[2])}
    matrix = read_matrix(place.world, profile)
    found = {
        (asked.cell.principal.id.replace("empty", "nobody"), asked.cell.ask.right)
        for asked in matrix
        if asked.verdict is Verdict.FAILED and asked.cell.ask.right
    }
    assert found == differs
    assert [str(asked.cell) for asked in matrix if asked.verdict is Verdict.UNKNOWN] == []


@pytest.mark.parametrize(
    ("change", "red"),
    [
        ({"anonymous": ("read", "create")}, ["nobody may write without a key, at any address"]),
        ({"anonymous": ("read", "update")}, ["nobody may write without a key, at any address"]),
        ({"anonymous": ("read", "delete")}, ["nobody may write without a key, at any address"]),
        ({"anonymous": ("create",)}, ["anybody may read", "nobody may write without a key, at any address"]),
        ({"ci": ("read", "create", "update")}, ["zot-ci may not overwrite a tag"]),
        ({"ci": ("read", "create", "delete")}, ["zot-ci may not delete"]),
        ({"ci": ("read",)}, ["zot-ci may push new tags"]),
        ({"ci": (), "signed_in": ()}, ["zot-ci may push new tags", "zot-ci may read"]),
        ({"signed_in": ("read", "delete")}, ["zot-ci may not delete"]),
    ],
    ids=str,
)
def test_a_wrong_right_reddens_its_own_sentence_and_no_other(place: Place, change: Any, red: list[str]) -> None:
    place.rule(rules(**change))
    found = place.look()
    assert sorted(str(one.check) for one in found.of(Verdict.FAILED)) == sorted(red)
    assert found.of(Verdict.UNKNOWN) == ()
    for one in found.of(Verdict.FAILED):
        assert one.evidence.likely
        assert one.evidence.remedy


def test_a_pattern_that_covers_the_mirrors_is_a_finding_and_nothing_else(place: Place) -> None:
    place.rule(rules())
    found = place.look()
    assert found.of(Verdict.FAILED) == ()
    assert [one.name for one in found.findings] == ["access.planting"]
    assert "415" in found.findings[0].evidence.observed
    assert "docker.io" in found.findings[0].evidence.observed


@pytest.mark.parametrize("kind", KINDS)
def test_a_cached_tag_that_could_be_overwritten_is_red_as_soon_as_there_is_one(kind: str, tmp_path: Path) -> None:
    with hardened(tmp_path / "world", kind) as world:
        place = Place(world)
        below = rules()
        below["repositories"]["docker.io/**"] = {
            "anonymousPolicy": ["read"],
            "policies": [{"groups": ["artifact-workloads"], "actions": ["read", "update"]}],
        }
        place.rule(below)
        assert place.look().of(Verdict.FAILED) == ()
        mirror = place.profile.registry.mirrors[0]
        assert pull_image(open_zot(place.world, place.profile), *mirrored(mirror), timeout=30).status == 200
        found = place.look()
        assert [str(one.check) for one in found.of(Verdict.FAILED)] == ["zot-ci may not overwrite a tag"]
        red = {asked.cell.ask.id for asked in found.matrix if asked.verdict is Verdict.FAILED}
        assert red == {"overwrite-cached"}
        asked = [each for each in found.matrix if each.cell.ask.id == "overwrite-cached"]
        assert {each.cell.principal.id: each.seen.status for each in asked} == {"nobody": 401, "empty": 401, "ci": 415}


@pytest.mark.parametrize(
    ("key", "red", "says"),
    [
        ("zak_" + "0" * 32, ["the registry takes this key for zot-ci"], "its key is not taken at all"),
        ("", [], "no key yet"),
        ("unset", [], "no key yet"),
    ],
)
def test_a_key_that_is_none_says_nothing_about_rights(place: Place, key: str, red: list[str], says: str) -> None:
    place.rule(json.loads(place.first)["http"]["accessControl"])
    profile = place.profile
    world = world_of(profile, Safe({profile.current_key.secret: key}))
    found = verify(world, profile, Selected(names=("access", "keys.current")))
    sentences = [str(one.check) for one in found.of(Verdict.FAILED) if one.name != "keys.current"]
    assert sentences == red
    rights = {one.name: one.evidence for one in found.results if one.name.startswith("access.ci.")}
    assert {rights[f"access.ci.{right}"].verdict for right in RIGHTS} == {Verdict.UNKNOWN}
    assert says in rights["access.ci.update"].observed
    assert "keys.current" in {one.name for one in found.of(Verdict.FAILED)}, "an empty secret never looks green"


def test_an_admin_and_a_dead_key_are_tried_where_the_profile_names_them(place: Place) -> None:
    place.rule(json.loads(place.first)["http"]["accessControl"])
    described = json.loads((place.lab.root / "world.json").read_text())
    names = {**described["names"], "ci_user": described["names"]["admin_user"]}
    key = make_key({**described, "names": names})
    safe = Safe({**place.safe.fields, parse_ref("i/admin"): key, parse_ref("i/dead"): "zak_" + "1" * 32})
    named = Verify(admin=names["ci_user"], admin_key="i/admin", dead_key="i/dead")
    profile = msgspec.structs.replace(place.profile, verify=named)
    found = verify(world_of(profile, safe), profile, Selected(names=("access",)))
    assert found.of(Verdict.FAILED) == found.of(Verdict.UNKNOWN) == ()
    said = {str(one.check) for one in found.results}
    assert {"alex may delete", "alex may overwrite a tag", "a key that is over may nothing"} <= said


def test_an_image_that_is_not_there_is_unknown_with_what_would_make_it_known(place: Place) -> None:
    place.rule(json.loads(place.first)["http"]["accessControl"])
    registry = msgspec.structs.replace(place.profile.registry, image="practice/not-there-yet")
    found = place.look(msgspec.structs.replace(place.profile, registry=registry))
    overwrite = next(one for one in found.results if one.name == "access.ci.update")
    assert overwrite.evidence.verdict is Verdict.UNKNOWN
    assert "there is no such image yet" in overwrite.evidence.observed
    assert "push an image to practice/not-there-yet" in overwrite.evidence.remedy
    create = next(one for one in found.results if one.name == "access.ci.create")
    assert create.evidence.verdict is Verdict.PASSED


def test_a_weakness_that_cannot_be_told_counts_as_nothing(place: Place) -> None:
    place.rule(json.loads(place.first)["http"]["accessControl"])
    found = verify(place.world, place.profile, Selected(names=("mirror-form", "clock")))
    assert [one.name for one in found.untold] == ["mirror-form"]
    assert "pull it through" in found.untold[0].evidence.remedy
    assert [one.name for one in found.of(Verdict.PASSED)] == ["clock"]
    assert found.of(Verdict.UNKNOWN) == found.of(Verdict.FAILED) == found.findings == ()
    assert summary(found).startswith("practice: 0 failed, 0 unknown, 1 passed; 1 weakness not told. ")
