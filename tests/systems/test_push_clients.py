"""Verify's two push clients send what the real ones do: compared with skopeo itself, and with the forge's runner."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import needs
from tests.lab.recording_registry import Registry, recording_registry
from zotops.doors import RealHttp, RealPrograms
from zotops.errors import ActionFailed
from zotops.lab.pushing import PushError, Style, push_image
from zotops.redaction import Redactor
from zotops.systems.push_clients import Target, push_as_dagger, push_as_skopeo
from zotops.systems.skopeo import push_by_skopeo
from zotops.systems.zot import Zot, with_key
from zotops.systems.zot_image import Image, tiny_image
from zotops.world import Secret

KEY, NAME = ("zot-ci", "the-right-key"), "practice/nettest"
CLIENTS: dict[Style, Callable[[Target, Image], None]] = {"dagger": push_as_dagger, "skopeo": push_as_skopeo}
Push = Callable[[Registry, str, str], object]


@pytest.fixture
def http() -> Iterator[RealHttp]:
    door = RealHttp(Redactor(), environment={})
    yield door
    door.close()


def target(http: RealHttp, registry: Registry, tag: str, key: str) -> Target:
    zot = Zot(http=http, url=registry.url, trusted=True)
    return Target(zot=zot, repository=NAME, tag=tag, caller=with_key(KEY[0], Secret(key)))


def ends(push: Push, *, key: str = KEY[1], tags: tuple[str, ...] = ("v1",), **settings: Any) -> tuple[bool, list[str]]:
    """Whether the last of these pushes, each of an image of its own tag, succeeds; and every request of theirs."""
    with recording_registry(key=KEY, **settings) as registry:
        pushed = True
        for tag in tags:
            try:
                push(registry, tag, key)
            except (ActionFailed, PushError):
                pushed = False
        return pushed, registry.asked()


@pytest.mark.parametrize("style", CLIENTS)
@pytest.mark.parametrize(
    "case",
    [{}, {"key": "a-made-up-key"}, {"challenges": False}, {"tags": ("v1", "v1")}, {"tags": ("v1", "v2")}],
    ids=["pushed", "a made-up key", "without a challenge", "the same again", "the same under another tag"],
)
def test_each_asks_what_the_forges_runner_asks(style: Style, case: dict[str, Any], http: RealHttp) -> None:
    image = tiny_image("one")

    def ours(registry: Registry, tag: str, key: str) -> None:
        CLIENTS[style](target(http, registry, tag, key), image)

    def runners(registry: Registry, tag: str, key: str) -> None:
        push_image(registry.url, NAME, tag, "one", (KEY[0], key), style)

    assert ends(ours, **case) == ends(runners, **case)


@pytest.mark.parametrize("style", CLIENTS)
def test_another_image_under_a_tag_that_exists_is_refused(style: Style, http: RealHttp) -> None:
    with recording_registry(key=KEY) as registry:
        push_as_dagger(target(http, registry, "v1", KEY[1]), tiny_image("one"))
        with pytest.raises(ActionFailed, match="403, not 201, to the manifest"):
            CLIENTS[style](target(http, registry, "v1", KEY[1]), tiny_image("two"))


@pytest.mark.parametrize(("style", "why"), [("dagger", "supported auth scheme"), ("skopeo", "was not asked for a key")])
def test_without_a_challenge_no_key_is_sent_and_the_remedy_names_the_proxy(
    style: Style, why: str, http: RealHttp
) -> None:
    with recording_registry(key=KEY, challenges=False) as registry:
        with pytest.raises(ActionFailed, match=why) as failed:
            CLIENTS[style](target(http, registry, "v1", KEY[1]), tiny_image("one"))
        assert "WWW-Authenticate" in failed.value.remedy
        assert not any(asked.endswith("*") for asked in registry.asked())


@needs.program("skopeo")
@pytest.mark.parametrize("case", [{}, {"key": "a-made-up-key"}, {"tags": ("v1", "v1")}])
def test_as_skopeo_asks_what_skopeo_itself_asks(case: dict[str, Any], http: RealHttp) -> None:
    image = tiny_image("one")
    programs = RealPrograms(Redactor(), environment={name: os.environ[name] for name in ("PATH", "HOME")})

    def ours(registry: Registry, tag: str, key: str) -> None:
        push_as_skopeo(target(http, registry, tag, key), image)

    def its(registry: Registry, tag: str, key: str) -> None:
        push_by_skopeo(programs, target(http, registry, tag, key), image)

    assert ends(ours, **case) == ends(its, **case)
