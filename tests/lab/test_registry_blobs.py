"""Uploads, blobs and manifests beyond what the recorded contract asks, for the stand-in and a real zot."""

import hashlib
import http.client
import json
from collections.abc import Iterator

import pytest

from tests.contract import replay
from tests.lab.registry_world import KINDS, Registry, Visitor, provider, visitor

ADMIN = "key:alice"
DATA = b"0123456789"
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
INDEX = "application/vnd.oci.image.index.v1+json"
NO_UPLOAD = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module", params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with provider() as issuer, Registry(request.param, tmp_path_factory.mktemp("zot"), issuer) as found:
        yield found


@pytest.fixture(scope="module")
def someone(registry: Registry) -> Iterator[Visitor]:
    with visitor(registry) as found:
        yield found


@pytest.fixture
def upload(someone: Visitor) -> str:
    """The address of a fresh upload."""
    return str(someone.ask(ADMIN, "POST", "/v2/practice/blobs/blobs/uploads/").headers["location"])


def append(someone: Visitor, upload: str, content: bytes, part: str) -> int:
    return someone.ask(ADMIN, "PATCH", upload, content, content_range=part).status_code


def test_pieces_have_to_come_in_order_and_with_their_true_length(someone: Visitor, upload: str) -> None:
    assert append(someone, upload, DATA[:4], "0-3") == 202
    assert someone.ask(ADMIN, "GET", upload).headers["range"] == "0-3"
    assert [append(someone, upload, DATA[4:], part) for part in ("5-10", "4-99", "9-4", "x")] == [416] * 4
    assert append(someone, upload, DATA[4:], "4-9") == 202
    assert someone.ask(ADMIN, "PUT", f"{upload}?digest={DIGEST}").status_code == 201
    assert someone.ask("anonymous", "GET", f"/v2/practice/blobs/blobs/{DIGEST}").content == DATA
    assert someone.ask(ADMIN, "GET", upload).status_code == 404


def test_a_wrong_digest_is_refused_and_the_upload_stays(someone: Visitor, upload: str) -> None:
    assert append(someone, upload, DATA, "0-9") == 202
    other = "sha256:" + "0" * 64
    reply = someone.ask(ADMIN, "PUT", f"{upload}?digest={other}")
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    assert someone.ask(ADMIN, "PUT", f"{upload}?digest=sha256:00").status_code == 400
    assert someone.ask(ADMIN, "PUT", upload).status_code == 400
    assert someone.ask(ADMIN, "PUT", f"{upload}?digest={DIGEST}").status_code == 201


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("PATCH", 404), ("PUT", 404), ("DELETE", 404)])
def test_an_unknown_upload_is_404(someone: Visitor, method: str, status: int) -> None:
    place = f"/v2/practice/unknown-{method.lower()}/blobs/uploads/{NO_UPLOAD}?digest={DIGEST}"
    reply = someone.ask(ADMIN, method, place)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (status, "BLOB_UPLOAD_UNKNOWN")


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, b""),
        ("nonsense", 416, b""),
    ],
)
def test_a_part_of_a_blob_can_be_asked_for(someone: Visitor, asked: str, status: int, content: bytes) -> None:
    whole = f"/v2/practice/part/blobs/uploads/?digest={DIGEST}"
    assert someone.ask(ADMIN, "POST", whole, DATA, content_type="application/octet-stream").status_code == 201
    reply = someone.ask("anonymous", "GET", f"/v2/practice/part/blobs/{DIGEST}", range=asked)
    assert (reply.status_code, reply.content) == (status, content)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/v2/practice/blobs/blobs/sha256:xyz", 500),
        ("GET", "/v2/practice/blobs/blobs/sha256:xyz", 400),
        ("DELETE", "/v2/practice/blobs/blobs/sha256:xyz", 404),
        ("PUT", "/v2/practice/blobs/manifests/sha256:xyz", 400),
        ("GET", "/v2/practice/blobs/referrers/sha256:xyz", 400),
        ("POST", "/v2/practice/blobs/blobs/uploads/?mount=a&mount=b", 400),
        ("GET", "/v2//practice/blobs/tags/list", 301),
        ("GET", "/v2/practice/blobs/tags/list/", 404),
        ("PATCH", "/v2/practice/blobs/manifests/v1", 405),
    ],
)
def test_malformed_addresses(someone: Visitor, method: str, path: str, status: int) -> None:
    kind = {"content_type": replay.MANIFEST}
    assert someone.ask(ADMIN, method, path, content_type=kind["content_type"]).status_code == status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"layers": []}, 201),
        ({"mediaType": "text/plain"}, 201),
        ({"schemaVersion": 1}, 400),
        ({"layers": None}, 400),
        ({"config": {"mediaType": "none", "digest": DIGEST, "size": 1}}, 400),
        ({"config": {"mediaType": "application/other", "digest": DIGEST, "size": 1}}, 201),
        ({"config": {"mediaType": "application/other", "digest": "sha256:1", "size": 1}}, 201),
    ],
)
def test_what_counts_as_a_manifest(someone: Visitor, change: dict[str, object], status: int) -> None:
    parts = someone.push(ADMIN, "practice/schema", "v1", "schema")
    content = json.dumps(json.loads(parts["manifest"]) | change).encode()
    place = "/v2/practice/schema/manifests/changed"
    assert someone.ask(ADMIN, "PUT", place, content, content_type=replay.MANIFEST).status_code == status


def test_an_index_protects_its_parts_and_a_deleted_tag_leaves_the_digest(someone: Visitor) -> None:
    parts, place = someone.push(ADMIN, "practice/index", "v1", "index"), "/v2/practice/index/manifests"
    part = {"mediaType": replay.MANIFEST, "digest": parts["digest"], "size": len(parts["manifest"])}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [part]}).encode()
    digest = f"sha256:{hashlib.sha256(index).hexdigest()}"
    assert someone.ask(ADMIN, "PUT", f"{place}/all", index, content_type=INDEX).status_code == 201
    assert someone.ask(ADMIN, "DELETE", f"{place}/{parts['digest']}").status_code == 405
    assert someone.ask(ADMIN, "DELETE", f"/v2/practice/index/blobs/{parts['layer_digest']}").status_code == 405
    assert someone.ask(ADMIN, "DELETE", f"{place}/all").status_code == 202
    assert someone.ask(ADMIN, "GET", f"{place}/{digest}").status_code == 200
    assert someone.ask(ADMIN, "DELETE", f"{place}/{digest}").status_code == 202
    assert someone.ask(ADMIN, "GET", f"{place}/{digest}").status_code == 404
    assert someone.ask(ADMIN, "DELETE", f"{place}/{parts['digest']}").status_code == 202
    assert someone.ask(ADMIN, "GET", "/v2/practice/index/tags/list").json()["tags"] == []
    assert someone.ask(ADMIN, "DELETE", f"/v2/practice/index/blobs/{parts['layer_digest']}").status_code == 202


def test_what_refers_to_a_manifest_is_listed_by_its_kind(someone: Visitor) -> None:
    parts = someone.push(ADMIN, "practice/referrers", "v1", "referrers")
    subject = {"mediaType": replay.MANIFEST, "digest": parts["digest"], "size": len(parts["manifest"])}
    signature = json.loads(parts["manifest"]) | {"subject": subject, "artifactType": "application/signature"}
    content = json.dumps(signature).encode()
    place = f"/v2/practice/referrers/manifests/sha256:{hashlib.sha256(content).hexdigest()}"
    assert someone.ask("key:zot-ci", "PUT", place, content, content_type=replay.MANIFEST).status_code == 201
    listed = f"/v2/practice/referrers/referrers/{parts['digest']}"
    found = someone.ask("anonymous", "GET", listed).json()["manifests"]
    assert [one["artifactType"] for one in found] == ["application/signature"]
    assert someone.ask("anonymous", "GET", f"{listed}?artifactType=application/other").json()["manifests"] == []


def test_two_credentials_at_once_are_refused(registry: Registry, someone: Visitor) -> None:
    credential = someone.headers_of(ADMIN)["Authorization"]
    connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=10)
    statuses = []
    for count in (1, 2):
        connection.putrequest("GET", "/v2/")
        for _ in range(count):
            connection.putheader("Authorization", credential)
        connection.endheaders()
        reply = connection.getresponse()
        reply.read()
        statuses.append(reply.status)
    connection.close()
    assert statuses == [200, 401]
