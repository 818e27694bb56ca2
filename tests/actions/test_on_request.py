"""What verify does only when it is asked to: each thing alone, refused, unanswered, and what it says that stays."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.actions.shelf import Shelf
from tests.platform.stand_ins import with_programs
from tests.systems.outside import KEY, Safe, world_of
from zotops.actions.on_request import Requested, Told, do
from zotops.model import Verdict
from zotops.profile import Mirror, Verify
from zotops.systems.zot_image import tiny_image
from zotops.world import SecretRef

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
SCRATCH, BUSYBOX = "practice/zotops-scratch", "docker.io/library/busybox"
SMALL = tiny_image("upstream")
Doing = Callable[..., list[Told]]


@pytest.fixture
def shelf() -> Shelf:
    """A registry with one image of upstream's in its cache, which it finds without the prefix, too."""
    shelf = Shelf()
    for name in (BUSYBOX, "library/busybox"):
        shelf.keep(name, "1.36", SMALL.manifest, SMALL.config, SMALL.layer)
    return shelf


@pytest.fixture
def doing(tmp_path: Path, shelf: Shelf) -> Doing:
    """`doing(write=True, …)`: what is told. `key`: CI's; `admin`: an administrator's; `skopeo`: a script."""

    def done(*, key: str = KEY, admin: str | None = None, skopeo: str = "", **wanted: Any) -> list[Told]:
        profile, _ = with_programs(tmp_path, **({"skopeo": skopeo} if skopeo else {}))
        mirrors = (*profile.registry.mirrors, Mirror(prefix="ghcr.io", image="x/y:1"))
        profile = msgspec.structs.replace(
            profile,
            registry=msgspec.structs.replace(profile.registry, mirrors=mirrors),
            verify=Verify(admin="alex", admin_key="i/admin") if admin is not None else profile.verify,
            programs=msgspec.structs.replace(profile.programs, search_path=str(tmp_path / "bin")),
        )
        safe = Safe({profile.current_key.secret: key, SecretRef("i", "admin"): admin or ""})
        return list(do(replace(world_of(profile, safe), http=shelf), profile, Requested(**wanted)))

    return done


def test_nothing_is_done_that_was_not_asked_for(doing: Doing, shelf: Shelf) -> None:
    assert doing() == []
    assert doing(sign_in=True) == [], "which is done elsewhere"
    assert shelf.seen == []


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"write": True}, ["write"]),
        ({"as_dagger": True}, ["as-dagger"]),
        ({"as_skopeo": True}, ["as-skopeo"]),
        (
            {"pull_through": "docker.io/library/busybox:1.36"},
            ["pull-through.docker.io.plain", "pull-through.docker.io"],
        ),
    ],
)
def test_each_can_be_asked_for_alone(doing: Doing, wanted: dict[str, Any], names: list[str]) -> None:
    told = doing(**wanted)
    assert [one.name for one in told] == names
    assert [one.evidence.verdict for one in told] == [PASSED] * len(names), told


@pytest.mark.parametrize("how", ["write", "as_dagger", "as_skopeo"])
def test_what_is_pushed_comes_back_and_is_said_to_stay(doing: Doing, shelf: Shelf, how: str) -> None:
    (told,) = doing(**{how: True})
    (tag,) = shelf.tags(SCRATCH)
    assert tag.startswith("zotops-verify-")
    assert told.evidence.observed.startswith("200 sha256:")
    assert told.left == (f"{SCRATCH}:{tag}, a few kilobytes; CI may not delete it",)
    assert not told.advisory


def test_a_refused_push_is_red_and_blobs_may_stay(doing: Doing, shelf: Shelf) -> None:
    shelf.says["PUT .*/manifests/"] = 403, b""
    (told,) = doing(write=True)
    assert (told.evidence.verdict, "403, not 201" in told.evidence.observed) == (FAILED, True)
    assert told.evidence.remedy == "see the access matrix above"
    assert told.left == (f"perhaps blobs in {SCRATCH}, until they are collected",)


def test_a_refusal_with_a_remedy_of_its_own_keeps_it(doing: Doing, shelf: Shelf) -> None:
    shelf.says["GET /v2/$"] = 200, b""
    shelf.says["POST "] = 401, b""
    (told,) = doing(as_skopeo=True)
    assert told.evidence.verdict is FAILED
    assert told.evidence.remedy == "let the proxy in front of the registry pass WWW-Authenticate, also on a 200"


@pytest.mark.parametrize("key", ["", f"{KEY}\n"])
def test_without_a_key_nothing_is_pushed_and_nothing_stays(doing: Doing, shelf: Shelf, key: str) -> None:
    (told,) = doing(write=True, key=key, admin=KEY)
    assert (told.evidence.verdict, "holds no key to push with" in told.evidence.observed) == (UNKNOWN, True)
    assert told.left == ()
    assert shelf.seen == []


@pytest.mark.parametrize(
    ("says", "observed", "likely"),
    [
        ({"GET .*scratch/manifests/": (401, b"")}, "401", "nobody may read it"),
        ({"GET .*scratch/manifests/": (200, SMALL.manifest)}, "200 sha256:", "something else answers for that tag"),
        ({"GET .*scratch/blobs/": (200, b"other")}, "has other bytes", "something else answers for that tag"),
    ],
)
def test_what_comes_back_otherwise_is_red(
    doing: Doing, shelf: Shelf, says: dict[str, tuple[int, bytes]], observed: str, likely: str
) -> None:
    shelf.says |= says
    shelf.keep(SCRATCH, "other", SMALL.manifest, SMALL.config, SMALL.layer)
    (told,) = doing(write=True)
    assert told.evidence.verdict is FAILED
    assert observed in told.evidence.observed
    assert told.evidence.likely == likely


def test_skopeo_itself_is_used_where_it_is_installed(doing: Doing, shelf: Shelf) -> None:
    (told,) = doing(as_skopeo=True, skopeo="echo 'unauthorized' >&2; exit 1")
    assert told.says == "an image is pushed by skopeo itself"
    assert (told.evidence.verdict, told.evidence.observed) == (FAILED, "skopeo ended with 1: unauthorized")
    assert shelf.seen == []
    (told,) = doing(as_skopeo=True, skopeo="exit 0")
    assert told.says == "an image is pushed by skopeo itself"


def test_without_skopeo_its_requests_are_made_and_it_says_so(doing: Doing) -> None:
    (told,) = doing(as_skopeo=True)
    assert told.says == "an image is pushed as skopeo pushes (it is not installed)"


def test_an_admin_overwrites_and_deletes_what_was_pushed(doing: Doing, shelf: Shelf) -> None:
    pushed, told = doing(write=True, admin=KEY)
    assert (pushed.name, told.name, told.says) == (
        "write",
        "write.admin",
        "alex overwrites and deletes what was pushed",
    )
    assert told.evidence.verdict is PASSED
    assert told.evidence.observed == "202 and 202 to the deletions, the tag is gone"
    assert told.left == (f"blobs in {SCRATCH}, until they are collected",)
    assert shelf.tags(SCRATCH) == []
    assert pushed.left == (), "what is deleted does not stay"


def test_a_name_that_stays_in_the_catalog_is_said(doing: Doing, shelf: Shelf) -> None:
    shelf.keep(SCRATCH, "of-another-day", SMALL.manifest)
    _, told = doing(write=True, admin=KEY)
    assert told.left[0] == f"the name {SCRATCH} in the catalog"


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [((202, 202), PASSED), ((202, 404), PASSED), ((404, 202), FAILED), ((202, 405), FAILED)],
)
def test_only_the_first_manifest_may_be_gone_already(
    doing: Doing, shelf: Shelf, statuses: tuple[int, int], verdict: Verdict
) -> None:
    answers = iter(statuses)
    shelf.changes = lambda reply: replace(reply, status=next(answers)) if reply.method == "DELETE" else reply
    _, told = doing(write=True, admin=KEY)
    assert told.evidence.verdict is verdict
    assert told.evidence.observed == f"{statuses[0]} and {statuses[1]} to the deletions, the tag is gone"
    assert ("alex has not the rights of admins" in told.evidence.likely) is (verdict is FAILED)


def test_a_tag_that_is_still_there_was_not_deleted(doing: Doing, shelf: Shelf) -> None:
    shelf.says["DELETE "] = 202, b""
    pushed, told = doing(write=True, admin=KEY)
    assert told.evidence.verdict is FAILED
    assert "CI may not delete it" in pushed.left[0]
    assert told.evidence.observed == "202 and 202 to the deletions, the tag is there"


def test_an_admin_is_tried_where_ci_was_refused_and_refused_alike(doing: Doing, shelf: Shelf) -> None:
    shelf.says["PUT .*/manifests/"] = 403, b""
    _, told = doing(write=True, admin=KEY)
    assert (told.evidence.verdict, "403, not 201" in told.evidence.observed) == (FAILED, True)
    assert "adminPolicy" in told.evidence.remedy
    assert told.left == ()


def test_an_admin_without_a_key_is_unknown(doing: Doing) -> None:
    pushed, told = doing(write=True, admin="")
    assert (pushed.evidence.verdict, told.evidence.verdict) == (PASSED, UNKNOWN)
    assert "i/admin holds no key" in told.evidence.observed


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("docker.io/library/busybox:1.36", ["docker.io/library/busybox:1.36"]),
        ("ghcr.io/x/y", ["ghcr.io/x/y:latest"]),
        ("library/busybox:1.36", ["docker.io/library/busybox:1.36", "ghcr.io/library/busybox:1.36"]),
        ("busybox", ["docker.io/busybox:latest", "ghcr.io/busybox:latest"]),
    ],
)
def test_an_image_is_pulled_below_the_prefix_that_it_names_or_below_each(
    doing: Doing, asked: str, names: list[str]
) -> None:
    told = [one for one in doing(pull_through=asked) if not one.advisory]
    assert [one.says for one in told] == [f"{name} is pulled through" for name in names]


def test_an_image_from_upstream_stays_in_the_cache_unless_it_was_there(doing: Doing, shelf: Shelf) -> None:
    _, there = doing(pull_through=f"{BUSYBOX}:1.36")
    assert there.evidence.observed.endswith(", but it was cached already")
    assert there.left == ()
    shelf.says["/busybox/tags/list"] = 404, b"{}"
    _, fetched = doing(pull_through=f"{BUSYBOX}:1.36")
    assert (fetched.evidence.verdict, "cached" in fetched.evidence.observed) == (PASSED, False)
    assert fetched.left == (f"{BUSYBOX}:1.36 in the cache",)
    shelf.says["/busybox/tags/list"] = 200, b'{"tags": ["1.35"]}'
    _, fetched = doing(pull_through=f"{BUSYBOX}:1.36")
    assert fetched.left == (f"{BUSYBOX}:1.36 in the cache",)


def test_an_image_that_is_not_fetched_is_red_and_leaves_nothing(doing: Doing) -> None:
    _, told = doing(pull_through="docker.io/library/not-there")
    assert (told.evidence.verdict, told.evidence.observed, told.left) == (FAILED, "404", ())


def test_an_image_with_other_bytes_is_red(doing: Doing, shelf: Shelf) -> None:
    shelf.says["busybox/blobs/"] = 200, b"other"
    _, told = doing(pull_through=f"{BUSYBOX}:1.36")
    assert told.evidence.verdict is FAILED
    assert "has other bytes" in told.evidence.observed


def test_a_registry_that_breaks_off_while_it_fetches_may_have_kept_it(doing: Doing, shelf: Shelf) -> None:
    shelf.says["docker.io/library/busybox/manifests"] = 504, b""
    _, told = doing(pull_through=f"{BUSYBOX}:1.36")
    assert told.evidence.verdict is UNKNOWN
    assert told.left == (f"perhaps {BUSYBOX}:1.36 in the cache",)


@pytest.mark.parametrize("without", ["ns=docker.io", "manifests/1.36$"])
def test_both_forms_of_plain_mirrors_are_tried_and_one_that_misses_is_a_finding(
    doing: Doing, shelf: Shelf, without: str
) -> None:
    shelf.says[f"/v2/library/busybox/.*{without}"] = 404, b""
    told, _ = doing(pull_through=f"{BUSYBOX}:1.36")
    assert (told.name, told.advisory, told.evidence.verdict) == ("pull-through.docker.io.plain", True, FAILED)
    assert "404" in told.evidence.observed
    assert "200" in told.evidence.observed
