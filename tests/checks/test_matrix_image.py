"""What is found out about an image before anything can be asked about it, at a registry in memory."""

import json
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.shelf import Shelf
from tests.checks.matrix_cells import one_door
from zotops.checks.matrix_image import Image, find_cached, find_image
from zotops.errors import Stop, Unreachable
from zotops.systems.zot import ANONYMOUS, EMPTY_BASIC, Caller, Zot
from zotops.systems.zot_image import tiny_image

NAME = "practice/nettest"
ONE, TWO = tiny_image("one"), tiny_image("two")
REMEDY = f"push an image to {NAME}, or name one that is always there as `registry.image` in the profile"


def found(folder: Path, shelf: Shelf, *callers: Caller | Stop) -> Image:
    waiting: list[Future[Caller | Stop]] = []
    for caller in callers or (ANONYMOUS,):
        future: Future[Caller | Stop] = Future()
        future.set_result(caller)
        waiting.append(future)
    return find_image(Zot(http=shelf, url="http://127.0.0.1:1"), one_door(folder), waiting)


def shelf_of(*tags: str) -> Shelf:
    shelf = Shelf()
    for tag in tags:
        shelf.keep(NAME, tag, (TWO if tag == "latest" else ONE).manifest)
    return shelf


@pytest.mark.parametrize(
    ("tags", "tag", "digest", "latest"),
    [
        (("v0", "v1"), "v1", ONE.digest, False),
        (("v1", "latest"), "v1", ONE.digest, True),
        (("latest", "v0", "v1"), "v1", ONE.digest, True),
        (("latest",), "latest", TWO.digest, False),
    ],
)
def test_the_last_tag_that_is_not_latest_is_taken(
    *, tmp_path: Path, tags: tuple[str, ...], tag: str, digest: str, latest: bool
) -> None:
    image = found(tmp_path, shelf_of(*tags))
    assert (image.tag, image.digest, image.latest, image.why) == (tag, digest, latest, "")
    assert image.blob in {each["digest"] for each in described(TWO.manifest if tag == "latest" else ONE.manifest)}


def described(manifest: bytes) -> list[dict[str, str]]:
    told = json.loads(manifest)
    return [told["config"], *told["layers"]]


def test_of_an_index_the_first_manifest_is_looked_into(tmp_path: Path) -> None:
    shelf = shelf_of()
    index = json.dumps({"manifests": [{"digest": ONE.digest}, {"digest": TWO.digest}]}).encode()
    for name, manifest in (("v1", index), (ONE.digest, ONE.manifest), (TWO.digest, TWO.manifest)):
        shelf.keep(NAME, name, manifest)
    image = found(tmp_path, shelf)
    assert image.blob in {each["digest"] for each in described(ONE.manifest)}
    assert image.tag == "v1"


@pytest.mark.parametrize(("size", "found_first"), [(99, "config"), (99_000_000, "layer")])
def test_the_configuration_is_asked_for_unless_it_is_large(tmp_path: Path, size: int, found_first: str) -> None:
    manifest = {"config": {"digest": "config", "size": size}, "layers": [{"digest": "layer", "size": 9}]}
    shelf = shelf_of()
    shelf.keep(NAME, "v1", json.dumps(manifest).encode())
    assert found(tmp_path, shelf).blob == found_first


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"tags/list": (404, b"{}")}, f"{NAME}: there is no such image yet"),
        ({"tags/list": (401, b"{}")}, f"{NAME}: 401 to its tags"),
        ({"tags/list": (200, b'{"tags": []}')}, f"{NAME}: 200 to its tags"),
        ({"manifests/": (401, b"{}")}, f"{NAME}:v1 has no blob that could be asked for (401 to its manifest)"),
        ({"manifests/": (200, b"{}")}, f"{NAME}:v1 has no blob that could be asked for (200 to its manifest)"),
        ({"manifests/": (200, b"[]")}, f"{NAME}:v1 has no blob that could be asked for (200 to its manifest)"),
        ({"manifests/": (200, b'{"manifests": []}')}, f"{NAME}:v1 has no blob that could be asked for (200"),
        ({"manifests/": (200, b'{"manifests": [5]}')}, f"{NAME} cannot be understood"),
        ({"tags/list": (503, b"")}, "http://127.0.0.1:1 answered 503"),
    ],
)
def test_why_nothing_is_known_is_said_with_what_would_help(
    tmp_path: Path, says: dict[str, tuple[int, bytes]], why: str
) -> None:
    shelf = shelf_of("v1")
    shelf.says |= says
    image = found(tmp_path, shelf)
    assert image.why.startswith(why)
    assert (image.blob, image.remedy) == ("", REMEDY)


def test_whoever_may_see_it_first_decides_and_who_has_no_key_is_passed_over(tmp_path: Path) -> None:
    shelf = shelf_of("v1")
    assert found(tmp_path, shelf, Unreachable("no key"), ANONYMOUS).tag == "v1"
    assert len(shelf.seen) == 2
    assert found(tmp_path, shelf, ANONYMOUS, EMPTY_BASIC).tag == "v1"
    assert len(shelf.seen) == 4


def test_where_nobody_could_look_that_is_said(tmp_path: Path) -> None:
    assert found(tmp_path, shelf_of("v1"), Unreachable("no key")).why == f"nobody who asks may see {NAME}"


def test_after_one_who_may_not_see_it_the_next_is_asked(tmp_path: Path) -> None:
    shelf = shelf_of("v1")
    refused = iter([True])
    shelf.changes = lambda reply: replace(reply, status=401, body=b"") if next(refused, False) else reply
    assert found(tmp_path, shelf, ANONYMOUS, EMPTY_BASIC).tag == "v1"
    assert shelf.seen[0] == shelf.seen[1], "the same question by another one"


def cached(shelf: Shelf, *callers: Caller | Stop) -> Image:
    waiting: list[Future[Caller | Stop]] = []
    for caller in callers:
        future: Future[Caller | Stop] = Future()
        future.set_result(caller)
        waiting.append(future)
    return find_cached(Zot(http=shelf, url="http://127.0.0.1:1"), NAME, waiting)


def test_what_is_cached_is_found_by_one_list_of_tags() -> None:
    shelf = shelf_of("v1", "latest")
    assert cached(shelf, ANONYMOUS) == Image(tag="v1")
    assert [line.split("/v2/")[1] for line in shelf.seen] == [f"{NAME}/tags/list"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((404, b"{}"), ""),
        ((200, b'{"tags": null}'), ""),
        ((401, b"{}"), f"{NAME}: 401 to its tags"),
        ((503, b""), "http://127.0.0.1:1 answered 503"),
        ((200, b"<html>"), "GET http://127.0.0.1:1/v2/practice/nettest/tags/list answered 200 with something"),
    ],
)
def test_where_nothing_is_cached_there_is_none_and_where_nobody_may_look_that_is_said(
    said: tuple[int, bytes], why: str
) -> None:
    shelf = shelf_of("v1")
    shelf.says |= {"tags/list": said}
    image = cached(shelf, Unreachable("no key"), ANONYMOUS)
    assert image.tag == ""
    assert image.why.startswith(why)
    assert bool(image.why) is bool(image.remedy) is bool(why)
    assert cached(shelf, Unreachable("no key")).why == f"nobody who asks may see {NAME}"
