"""Who asks what at which address, with which key, and what one answer becomes; at a registry in memory."""

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TypeVar

import msgspec
import pytest

from tests.actions.shelf import Shelf
from tests.checks.matrix_cells import cell_of, one_door, read_matrix
from tests.systems.outside import KEY, Safe, world_of
from zotops.access_matrix import Cell, cells
from zotops.checks.limits import SESSIONS
from zotops.checks.matrix import NO_LATEST, NOTHING_CACHED, one
from zotops.checks.matrix_answers import Asked
from zotops.checks.matrix_image import Image
from zotops.errors import Stop, Unreachable
from zotops.model import Verdict
from zotops.profile import Address, Profile
from zotops.systems.zot import ANONYMOUS, Caller, Zot
from zotops.systems.zot_image import tiny_image
from zotops.world import Reply, Secret, SecretRef

NAME = "practice/nettest"
SMALL = tiny_image("small")
KNOWN = Image(tag="v1", digest="sha256:d", blob="sha256:b", latest=True)
URL = "http://127.0.0.1:1"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return one_door(tmp_path)


@pytest.fixture
def shelf() -> Shelf:
    """It has our image with two tags, and refuses nothing to whoever has any credential."""
    shelf = Shelf()
    for tag in ("v1", "latest"):
        shelf.keep(NAME, tag, SMALL.manifest, SMALL.config, SMALL.layer)
    return shelf


T = TypeVar("T")


def ready(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future


def ask(cell: Cell, shelf: Shelf, *, caller: Caller | Stop = ANONYMOUS, image: Image = KNOWN) -> Asked:
    return one(Zot(http=shelf, url=URL), cell, ready(caller), ready(image), NAME)


@pytest.mark.parametrize("kind", ["image", "missing"])
@pytest.mark.parametrize(
    ("asks", "asked"),
    [
        ("manifest-by-tag", "/manifests/v1"),
        ("manifest-by-digest", "/manifests/sha256:d"),
        ("blob", "/blobs/sha256:b"),
    ],
)
def test_what_is_known_of_an_image_is_asked_for_at_that_image_alone(
    profile: Profile, shelf: Shelf, kind: str, asks: str, asked: str
) -> None:
    ask(cell_of(profile, asks, kind=kind), shelf)
    (line,) = shelf.seen
    assert line.endswith(asked) is (kind == "image")


@pytest.mark.parametrize(
    ("asks", "image", "said"),
    [
        ("manifest-by-tag", Image(why="it is not there", remedy="push one"), "it is not there"),
        ("manifest-by-digest", Image(tag="v1", why="no digest", remedy="push one"), "no digest"),
        ("blob", Image(tag="v1", digest="d", why="no blob", remedy="push one"), "no blob"),
        ("overwrite-latest", Image(why="it is not there", remedy="push one"), "it is not there"),
        ("overwrite-latest", Image(tag="v1", digest="d", blob="b"), NO_LATEST),
        ("overwrite", Image(why="it is not there", remedy="push one"), "it is not there"),
    ],
)
def test_what_needs_an_image_is_not_asked_without_it(
    profile: Profile, shelf: Shelf, asks: str, image: Image, said: str
) -> None:
    told = ask(cell_of(profile, asks, kind="image"), shelf, image=image)
    assert (told.verdict, told.seen.said, told.seen.remedy) == (Verdict.UNKNOWN, said, image.remedy)
    assert shelf.seen == []


@pytest.mark.parametrize("asks", ["overwrite", "overwrite-latest", "move"])
def test_an_image_with_a_tag_is_asked_about_also_without_latest_of_its_own(
    profile: Profile, shelf: Shelf, asks: str
) -> None:
    image = replace(KNOWN, latest=asks == "overwrite-latest")
    ask(cell_of(profile, asks, kind="image"), shelf, image=image)
    assert len(shelf.seen) == 1


def test_what_needs_no_image_is_asked_without_one(profile: Profile, shelf: Shelf) -> None:
    waiting: Future[Image] = Future()
    waiting.set_exception(Unreachable("nobody waits for it"))
    caller: Caller | Stop = ANONYMOUS
    cell = cell_of(profile, "create", kind="image")
    told = one(Zot(http=shelf, url=URL), cell, ready(caller), waiting, NAME)
    assert told.seen.said == "401, not the registry's own"


def test_who_has_no_key_asks_nothing_and_says_why(profile: Profile, shelf: Shelf) -> None:
    told = ask(cell_of(profile, "ping"), shelf, caller=Unreachable("no key yet", remedy="make one"))
    assert (told.seen.status, told.seen.said, told.seen.remedy) == (None, "no key yet", "make one")
    assert shelf.seen == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [((503, b""), f"{URL} answered 503"), ((200, b"[" * 100_000), "not JSON")],
)
def test_whatever_comes_back_there_is_an_answer(
    profile: Profile, shelf: Shelf, answer: tuple[int, bytes], said: str
) -> None:
    shelf.says["tags/list"] = answer
    told = ask(cell_of(profile, "tags"), shelf)
    assert (told.verdict, said in told.seen.said) == (Verdict.UNKNOWN, True)


def matrix(profile: Profile, shelf: Shelf, *only: str, key: str = KEY, admin: str = KEY) -> list[Asked]:
    safe = Safe({profile.current_key.secret: key, SecretRef("i", "admin"): admin})
    world = replace(world_of(profile, safe), http=shelf)
    return read_matrix(world, profile, only=frozenset(only))


def askers(found: Iterable[Asked]) -> set[str]:
    return {each.cell.principal.id for each in found}


def test_everybody_asks_or_only_who_is_named(profile: Profile, shelf: Shelf) -> None:
    assert askers(matrix(profile, shelf)) == {"nobody", "empty", "stranger", "forged", "ci", "admin"}
    assert askers(matrix(profile, shelf, "nobody", "ci")) == {"nobody", "ci"}


def test_every_cell_is_answered_in_the_order_of_the_matrix(profile: Profile, shelf: Shelf) -> None:
    found = matrix(profile, shelf, "nobody")
    assert [each.cell.ask.id for each in found][:3] == ["ping", "ping-docker", "keys"]
    assert {each.seen.status for each in found if each.cell.ask.id == "manifest-by-tag"} == {200, 404}


def test_what_is_said_of_a_latest_that_is_not_there_is_left_out(profile: Profile, shelf: Shelf) -> None:
    there = {each.cell.ask.id for each in matrix(profile, shelf, "nobody")}
    shelf.manifests = {place: kept for place, kept in shelf.manifests.items() if place[1] != "latest"}
    assert there - {each.cell.ask.id for each in matrix(profile, shelf, "nobody")} == {"overwrite-latest"}


@pytest.mark.parametrize(
    ("key", "admin", "who", "said"),
    [
        ("", KEY, "ci", "no key yet"),
        (f"{KEY}\n", KEY, "ci", "no key yet: `Forgejo Secrets` zot-ci-api holds a key with a line break"),
        (KEY, "unset", "admin", "i/admin holds no key"),
    ],
)
def test_a_secret_that_is_no_key_is_never_sent(
    *, profile: Profile, shelf: Shelf, key: str, admin: str, who: str, said: str
) -> None:
    found = matrix(profile, shelf, key=key, admin=admin)
    assert {each.seen.said.startswith(said) for each in found if each.cell.principal.id == who} == {True}
    assert {each.seen.status is None for each in found if each.cell.principal.id == "nobody"} != {True}


def with_address(profile: Profile, *, trusted: bool) -> Profile:
    registry = msgspec.structs.replace(
        profile.registry,
        plain_http_is_trusted=trusted,
        addresses=(Address(url="http://other.invalid", reached_from="server"),),
    )
    return msgspec.structs.replace(profile, registry=registry)


def test_an_address_of_the_server_is_asked_from_there_and_without_keys(profile: Profile, shelf: Shelf) -> None:
    found = matrix(with_address(profile, trusted=True), shelf, "nobody", "ci")
    there = [each for each in found if each.cell.address.reached_from == "server"]
    assert askers(there) == {"nobody"}
    assert {each.seen.said.removeprefix("not asked any more: ") for each in there} == {"`ssh` is not installed"}
    tried = [each for each in there if not each.seen.said.startswith("not asked any more")]
    assert SESSIONS <= len(tried) < 2 * SESSIONS, "only those that were under way when it was given up"


@pytest.mark.parametrize(
    ("who", "trusted", "looks"),
    [
        ("ci", True, True),
        ("ci", False, False),
        ("nobody", False, True),
        ("stranger", True, False),
        ("empty", True, False),
    ],
)
def test_an_image_is_looked_for_by_those_who_read_and_with_no_key_on_plain_http(
    *, profile: Profile, shelf: Shelf, who: str, trusted: bool, looks: bool
) -> None:
    matrix(with_address(profile, trusted=trusted), shelf, who)
    (first,) = {line for line in shelf.seen if line == f"GET /v2/{NAME}/manifests/v1"} or {""}
    assert bool(first) is looks


def test_why_an_image_is_not_known_is_told_by_who_asked_and_not_by_a_key_that_went_nowhere(
    profile: Profile, shelf: Shelf
) -> None:
    shelf.says["tags/list"] = 401, b"{}"
    found = matrix(with_address(profile, trusted=False), shelf, "nobody", "ci")
    assert {each.seen.said for each in found if each.cell.ask.id == "overwrite"} == {f"{NAME}: 401 to its tags"}


@pytest.mark.parametrize(
    ("image", "status", "said"),
    [
        (Image(tag="1.36"), True, "401, not the registry's own"),
        (Image(), False, NOTHING_CACHED),
        (Image(why="nobody may see it", remedy="let them"), False, "nobody may see it"),
        (Image(tag="1.36", why="never mind"), True, "401, not the registry's own"),
    ],
)
def test_what_is_cached_is_asked_about_only_where_there_is_something(
    *, profile: Profile, shelf: Shelf, image: Image, status: bool, said: str
) -> None:
    cell = next(cell for cell in cells(profile) if cell.ask.needs == "cached" and cell.principal.id == "nobody")
    told = ask(cell, shelf, image=image)
    assert (told.seen.said, bool(shelf.seen)) == (said, status)


def test_what_nobody_has_cached_is_left_out(profile: Profile, shelf: Shelf) -> None:
    def of_cached() -> set[str]:
        return {each.cell.ask.id for each in matrix(profile, shelf, "nobody") if each.cell.ask.needs == "cached"}

    assert of_cached() == set()
    shelf.keep("docker.io/library/busybox", "1.36", SMALL.manifest)
    assert of_cached() == {cell.ask.id for cell in cells(profile) if cell.ask.needs == "cached"}


def test_nobody_waits_for_the_vault_who_needs_no_secret(profile: Profile, shelf: Shelf) -> None:
    asked = Event()

    def noticed(reply: Reply) -> Reply:
        asked.set()
        return reply

    class Slow(Safe):
        def read(self, ref: SecretRef) -> Secret:
            assert asked.wait(5), "all of them wait for a finger"
            return super().read(ref)

    shelf.changes = noticed
    world = replace(world_of(profile, Slow({profile.current_key.secret: KEY})), http=shelf)
    found = read_matrix(world, profile, only=frozenset({"nobody", "ci"}))
    assert askers(found) == {"nobody", "ci"}
