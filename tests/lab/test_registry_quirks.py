"""The switches that make the stand-in misbehave, so that checks can be seen red."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.registry_world import Registry, Visitor, provider, visitor


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as url:
        yield url


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("zot")
    with Registry("stand-in", folder, issuer, environment={"ZOTOPS_LAB_STATE": str(folder)}) as found:
        yield found


@pytest.fixture(scope="module")
def someone(registry: Registry) -> Iterator[Visitor]:
    with visitor(registry) as found:
        yield found


@pytest.fixture(autouse=True)
def no_quirks_before_and_after(registry: Registry) -> Iterator[None]:
    switch(registry)
    yield
    switch(registry)


def switch(registry: Registry, **switches: bool) -> None:
    registry.write("quirks.json", {"registry": switches, "forge": {"other": True}})


def test_the_key_api_can_be_missing(registry: Registry, someone: Visitor) -> None:
    assert someone.ask("key:zot-ci", "GET", "/zot/auth/apikey").status_code == 200
    switch(registry, no_key_api=True)
    assert someone.ask("key:zot-ci", "GET", "/zot/auth/apikey").status_code == 404
    assert someone.ask("key:zot-ci", "POST", "/zot/auth/apikey", b"{}").status_code == 404


def test_a_push_by_digest_can_move_an_existing_tag(registry: Registry, someone: Visitor) -> None:
    first = someone.push("key:zot-ci", "practice/hole", "v1", "one")
    other = someone.push("key:zot-ci", "practice/hole", "v2", "two")
    place, kind = f"/v2/practice/hole/manifests/{other['digest']}?tag=v1", "application/vnd.oci.image.manifest.v1+json"
    manifest = other["manifest"].encode()
    assert someone.ask("key:zot-ci", "PUT", place, manifest, content_type=kind).status_code == 403
    switch(registry, tag_overwrite_hole=True)
    assert someone.ask("key:zot-ci", "PUT", place, content_type="text/plain").status_code == 415
    assert someone.ask("key:zot-ci", "PUT", place, manifest, content_type=kind).status_code == 201
    now = someone.ask("anonymous", "HEAD", "/v2/practice/hole/manifests/v1").headers["docker-content-digest"]
    assert now == other["digest"] != first["digest"]
    by_name = someone.ask("key:zot-ci", "PUT", "/v2/practice/hole/manifests/v1", manifest, content_type=kind)
    assert by_name.status_code == 403
    assert someone.ask("key:plain", "PUT", place, manifest, content_type=kind).status_code == 403


def test_docker_can_be_answered_as_before(registry: Registry, someone: Visitor) -> None:
    assert someone.ask("anonymous", "GET", "/v2/", user_agent="docker/24").status_code == 401
    switch(registry, docker_agent_200=True)
    assert someone.ask("anonymous", "GET", "/v2/", user_agent="docker/24").status_code == 200


def test_deleting_a_key_can_do_nothing(registry: Registry, someone: Visitor) -> None:
    made = someone.ask("session:zot-ci", "POST", "/zot/auth/apikey", b'{"label": "stays"}').json()
    switch(registry, delete_ignores=True)
    assert someone.ask("session:zot-ci", "DELETE", f"/zot/auth/apikey?id={made['uuid']}").status_code == 200
    assert someone.ask({"user": "zot-ci", "secret": made["apiKey"]}, "GET", "/v2/").status_code == 200
    switch(registry)
    assert someone.ask("session:zot-ci", "DELETE", f"/zot/auth/apikey?id={made['uuid']}").status_code == 200
    assert someone.ask({"user": "zot-ci", "secret": made["apiKey"]}, "GET", "/v2/").status_code == 401


def test_every_json_answer_can_have_an_unknown_field(registry: Registry, someone: Visitor) -> None:
    paths = ("/v2/_catalog", "/v2/practice/none/tags/list", "/zot/auth/apikey")
    assert ["practice" in someone.ask("key:zot-ci", "GET", path).json() for path in paths] == [False] * 3
    switch(registry, extra_field=True)
    assert ["practice" in someone.ask("key:zot-ci", "GET", path).json() for path in paths] == [True] * 3


def test_the_registry_can_die_when_it_starts(tmp_path: Path, issuer: str) -> None:
    registry = Registry("stand-in", tmp_path, issuer, environment={"ZOTOPS_LAB_STATE": str(tmp_path)})
    switch(registry, die_on_start=True)
    assert registry.serve().wait(20) == 2
    switch(registry)
    with registry:
        assert registry.process is not None


def test_what_is_not_implemented_says_so(registry: Registry, someone: Visitor) -> None:
    digest = someone.push("key:zot-ci", "practice/parts", "v1", "parts")["layer_digest"]
    assert registry.url
    for path, headers in (
        ("/v2/_oci/ext/discover", {}),
        (f"/v2/practice/parts/blobs/{digest}", {"range": "bytes=0-1,3-4"}),
    ):
        reply = someone.send("GET", path, headers=headers)
        assert (reply.status_code, reply.text) == (501, "not implemented by the practice world\n")
