"""Pull-through: what is asked upstream and when, and what is kept, as FACTS section 7 measured it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import needs
from tests.contract import replay
from tests.lab.registry_world import KINDS, Change, Registry, Visitor, provider, visitor
from tests.lab.source_world import DOCKER, Source, source

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
HERE = "/v2/docker.io/library"
UPSTREAMS = [
    "stand-in",
    pytest.param("docker-registry", marks=needs.program("docker-registry")),
]


def mirroring(upstream: Source, **settings: Any) -> Change:
    content = [{"prefix": "**", "destination": "/docker.io"}]
    registry = {"urls": [upstream.url], "onDemand": True, "tlsVerify": False, "content": content, **settings}
    return lambda c: c.update(extensions={"sync": {"enable": True, "registries": [registry]}})


@dataclass
class Mirror:
    """A registry in front of an upstream, and somebody who asks it."""

    upstream: Source
    registry: Registry
    someone: Visitor

    def ask(self, path: str, method: str = "GET") -> httpx.Response:
        return self.someone.ask("anonymous", method, path)

    def digest(self, path: str) -> str:
        return str(self.ask(path, "HEAD").headers["docker-content-digest"])

    def catalog(self) -> list[str]:
        return list(self.ask("/v2/_catalog").json()["repositories"])


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as url:
        yield url


@pytest.fixture(scope="module", params=UPSTREAMS)
def upstream(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with source(str(request.param), tmp_path_factory.mktemp("upstream") / "files") as (found, _):
        yield found


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path: Path, issuer: str) -> Iterator[Any]:
    with ExitStack() as stack:

        def start(upstream: Source, *, compat: bool = True, **settings: Any) -> Mirror:
            registry = Registry(request.param, tmp_path / "zot", issuer).change(mirroring(upstream, **settings))
            if not compat:
                registry.change(lambda c: c["http"].pop("compat"))
            stack.enter_context(registry)
            return Mirror(upstream, registry, stack.enter_context(visitor(registry)))

        yield start


def test_an_image_comes_with_the_first_pull_and_tags_are_not_asked_for(make: Any, upstream: Source) -> None:
    mirror = make(upstream)
    mirror.upstream.put_image("library/one", "v1", "one")
    assert mirror.ask(f"{HERE}/one/tags/list").status_code == 404
    manifest = mirror.ask(f"{HERE}/one/manifests/v1").json()
    layer = mirror.ask(f"{HERE}/one/blobs/{manifest['layers'][0]['digest']}")
    assert layer.content == b"layer one"
    assert mirror.ask(f"{HERE}/one/tags/list").json()["tags"] == ["v1"]
    assert mirror.catalog() == ["docker.io/library/one"]


def test_head_brings_the_whole_image_too(make: Any, upstream: Source) -> None:
    mirror = make(upstream)
    mirror.upstream.put_image("library/two", "v1", "two")
    assert mirror.ask(f"{HERE}/two/manifests/v1", "HEAD").status_code == 200
    assert mirror.catalog() == ["docker.io/library/two"]


def test_a_docker_manifest_is_converted_by_tag_and_original_by_digest(make: Any, upstream: Source) -> None:
    mirror = make(upstream)
    digest = mirror.upstream.put_image("library/three", "v1", "three")
    by_tag = mirror.ask(f"{HERE}/three/manifests/v1")
    assert by_tag.headers["content-type"] == replay.MANIFEST
    assert by_tag.headers["docker-content-digest"] != digest
    by_digest = mirror.ask(f"{HERE}/three/manifests/{digest}")
    assert (by_digest.headers["content-type"], by_digest.headers["docker-content-digest"]) == (DOCKER, digest)
    assert mirror.digest(f"{HERE}/three/manifests/v1") == by_tag.headers["docker-content-digest"]


def test_preserve_digest_keeps_the_digest_by_tag(make: Any, upstream: Source) -> None:
    mirror = make(upstream, preserveDigest=True)
    digest = mirror.upstream.put_image("library/four", "v1", "four")
    assert mirror.digest(f"{HERE}/four/manifests/v1") == digest


def test_without_compat_a_docker_manifest_is_not_found_by_digest_and_leaves_its_repository(
    make: Any, upstream: Source
) -> None:
    mirror = make(upstream, compat=False)
    digest = mirror.upstream.put_image("library/five", "v1", "five")
    assert mirror.ask(f"{HERE}/five/manifests/{digest}").status_code == 404
    assert mirror.ask(f"{HERE}/five/tags/list").json()["tags"] == []


def test_a_pull_by_digest_gives_no_tag(make: Any, upstream: Source) -> None:
    mirror = make(upstream)
    digest = mirror.upstream.put_image("library/six", "v1", "six")
    assert mirror.ask(f"{HERE}/six/manifests/{digest}").status_code == 200
    assert mirror.ask(f"{HERE}/six/tags/list").json()["tags"] == []


def test_a_moved_tag_is_followed_at_once_and_a_list_comes_with_its_parts(make: Any, upstream: Source) -> None:
    mirror = make(upstream, preserveDigest=True)
    first = mirror.upstream.put_image("library/seven", "v1", "first")
    assert mirror.digest(f"{HERE}/seven/manifests/v1") == first
    second = mirror.upstream.put_image("library/seven", "v1", "second")
    assert mirror.digest(f"{HERE}/seven/manifests/v1") == second
    size = int(mirror.ask(f"{HERE}/seven/manifests/{second}", "HEAD").headers["content-length"])
    part = {"mediaType": DOCKER, "digest": second, "size": size, "platform": {"os": "linux", "architecture": "amd64"}}
    index = {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [part]}
    listed = mirror.upstream.put_manifest("library/seven", "list", DOCKER_LIST, index)
    assert mirror.digest(f"{HERE}/seven/manifests/list") == listed


@pytest.mark.parametrize(
    "path", [f"{HERE}/none/manifests/v1", "/v2/elsewhere/manifests/v1", "/v2/docker.io/manifests/v1"]
)
def test_what_is_not_upstream_is_404_and_leaves_nothing(make: Any, upstream: Source, path: str) -> None:
    mirror = make(upstream)
    assert mirror.ask(path).status_code == 404
    assert mirror.catalog() == []


def test_the_right_to_read_is_needed_and_to_create_is_not(make: Any, upstream: Source) -> None:
    mirror = make(upstream)
    mirror.upstream.put_image("library/eight", "v1", "eight")
    place = f"{HERE}/eight/manifests/v1"
    assert mirror.someone.ask("key:plain", "GET", place).status_code == 200
    assert mirror.someone.ask("key:zot-ci", "PUT", place, content_type="text/plain").status_code == 403
    mirror.registry.change(lambda c: c["http"]["accessControl"]["repositories"]["docker.io/**"].pop("defaultPolicy"))
    time.sleep(0.3)
    assert mirror.someone.ask("key:plain", "GET", place).status_code == 403


@pytest.mark.costly("stand-ins")
def test_an_upstream_that_does_not_answer_costs_more_with_each_pull_and_a_cached_digest_nothing(
    make: Any, tmp_path: Path
) -> None:
    with source("stand-in", tmp_path / "upstream") as (upstream, process):
        mirror = make(upstream, preserveDigest=True)
        digest = upstream.put_image("library/nine", "v1", "nine")
        assert mirror.ask(f"{HERE}/nine/manifests/v1").status_code == 200
        process.terminate()
        process.wait(10)
        assert took(mirror, f"{HERE}/nine/manifests/{digest}") == (200, 0)
        assert took(mirror, f"{HERE}/nine/manifests/v1") == (200, 3)
        assert took(mirror, f"{HERE}/nine/manifests/v1") == (200, 3)
        assert took(mirror, f"{HERE}/none/manifests/v1") == (404, 6)


def took(mirror: Mirror, path: str) -> tuple[int, int]:
    """The status, and the whole seconds that it took."""
    started = time.monotonic()
    status = mirror.ask(path).status_code
    return status, int(time.monotonic() - started)
