"""What stays in the storage after a request: probes leave nothing, and some harmless looking requests do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.lab.registry_world import KINDS, Registry, Visitor, provider, storage_hash, visitor

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CALLERS = ("anonymous", "key:plain", "key:zot-ci", "key:alice")


@pytest.fixture(scope="module", params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with provider() as issuer, Registry(request.param, tmp_path_factory.mktemp("zot"), issuer) as found:
        yield found


@pytest.fixture(scope="module")
def someone(registry: Registry) -> Iterator[Visitor]:
    with visitor(registry) as found:
        found.push("key:alice", "practice/here", "v1", "footprint")
        for who in CALLERS:
            found.headers_of(who)
        yield found


def probes(digest: str) -> list[tuple[str, str, dict[str, str]]]:
    """The probes of FACTS section 6, for a repository that exists and one that does not."""
    found: list[tuple[str, str, dict[str, str]]] = []
    for name in ("practice/here", "practice/absent", "docker.io/practice/absent"):
        place = f"/v2/{name}"
        for reference in ("unused", "v1", f"{digest}?tag=v1"):
            found.append(("PUT", f"{place}/manifests/{reference}", {"Content-Type": "text/plain"}))
            found.append(("PUT", f"{place}/manifests/{reference}", {}))
        found += [("DELETE", f"{place}/manifests/{reference}", {}) for reference in ("unused", "sha256:" + "0" * 64)]
        found += [("POST", f"{place}/blobs/uploads/?from=x", {}), ("GET", f"{place}/tags/list", {})]
        found += [
            (method, f"{place}/manifests/{reference}", {}) for method in ("GET", "HEAD") for reference in ("v1", "no")
        ]
        found += [("HEAD", f"{place}/blobs/sha256:{'0' * 64}", {}), ("GET", f"{place}/referrers/{digest}", {})]
    return [*found, ("GET", "/v2/", {}), ("GET", "/v2/_catalog", {}), ("GET", "/metrics", {})]


def test_probes_leave_the_storage_as_it_is(registry: Registry, someone: Visitor) -> None:
    digest = someone.ask("anonymous", "HEAD", "/v2/practice/here/manifests/v1").headers["docker-content-digest"]
    before = storage_hash(registry.storage)
    asked = [(who, probe) for who in CALLERS for probe in probes(digest)]

    def ask(client: httpx.Client, who: str, method: str, path: str, headers: dict[str, str]) -> int:
        return client.request(method, path, headers={**someone.headers_of(who), **headers}).status_code

    with httpx.Client(base_url=registry.url, timeout=20) as client, ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda one: ask(client, one[0], *one[1]), asked))
    assert not {201, 202, 204, 500} & set(statuses)
    assert storage_hash(registry.storage) == before


@pytest.mark.parametrize(
    "asked",
    [
        ("key:zot-ci", "POST", "/v2/practice/upload/blobs/uploads/", 202),
        ("anonymous", "HEAD", "/v2/practice/head/blobs/{layer_digest}", 200),
        ("key:zot-ci", "PUT", "/v2/practice/empty/manifests/v1", 400),
        ("key:zot-ci", "POST", "/v2/practice/mount/blobs/uploads/?mount={layer_digest}&from=practice/here", 201),
    ],
    ids=lambda asked: asked[2].split("/")[3],
)
def test_these_leave_a_repository(registry: Registry, someone: Visitor, asked: tuple[str, str, str, int]) -> None:
    who, method, path, status = asked
    parts = someone.push("key:alice", "practice/again", "v1", "footprint")
    name = path.split("/")[3]
    assert someone.ask(who, method, path.format(**parts), content_type=MANIFEST).status_code == status
    assert f"practice/{name}/index.json" in storage_hash(registry.storage)
    assert someone.ask("anonymous", "GET", f"/v2/practice/{name}/tags/list").json()["tags"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/practice/never/blobs/{layer_digest}"),
        ("HEAD", "/v2/practice/never/blobs/sha256:" + "1" * 64),
        ("GET", "/v2/practice/never/manifests/v1"),
    ],
)
def test_these_do_not(registry: Registry, someone: Visitor, method: str, path: str) -> None:
    parts = someone.push("key:alice", "practice/again", "v1", "footprint")
    assert someone.ask("anonymous", method, path.format(**parts)).status_code == 404
    assert "practice/never" not in storage_hash(registry.storage)


def test_a_cancelled_upload_leaves_its_repository_and_no_data(registry: Registry, someone: Visitor) -> None:
    place = someone.ask("key:alice", "POST", "/v2/practice/cancelled/blobs/uploads/").headers["location"]
    assert f"practice/cancelled/.uploads/{place.rpartition('/')[2]}" in storage_hash(registry.storage)
    assert someone.ask("key:zot-ci", "DELETE", place).status_code == 403
    assert someone.ask("key:alice", "DELETE", place).status_code == 204
    left = [name for name in storage_hash(registry.storage) if name.startswith("practice/cancelled/.uploads/")]
    assert left == []
