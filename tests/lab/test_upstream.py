import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from zotops.lab import upstream
from zotops.lab.pushing.images import MEDIA_TYPES

IMAGES = ["library/alpine:3.20", "library/busybox:1.36"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(params=["docker-registry", "stand-in"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "docker-registry" and shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    if request.param == "stand-in":
        monkeypatch.setenv("PATH", str(tmp_path))
    port = free_port()
    running = upstream.start(tmp_path / "upstream", port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.kill()
        running.wait()


def test_seeded_images_can_be_pulled_whole_by_anyone(url: str) -> None:
    upstream.seed(url, IMAGES)
    with httpx.Client(base_url=url, trust_env=False) as client:
        for image in IMAGES:
            repository, tag = image.split(":")
            accept = {"Accept": MEDIA_TYPES["docker"].manifest}
            answer = client.get(f"/v2/{repository}/manifests/{tag}", headers=accept)
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, MEDIA_TYPES["docker"].manifest)
            manifest = json.loads(answer.content)
            for part in (manifest["config"], *manifest["layers"]):
                assert len(client.get(f"/v2/{repository}/blobs/{part['digest']}").content) == part["size"]


def test_images_differ_from_each_other(url: str) -> None:
    upstream.seed(url, IMAGES, "oci")
    with httpx.Client(base_url=url, trust_env=False) as client:
        accept = {"Accept": MEDIA_TYPES["oci"].manifest}
        pairs = [image.split(":") for image in IMAGES]
        answers = [client.head(f"/v2/{name}/manifests/{tag}", headers=accept) for name, tag in pairs]
    assert len({answer.headers["Docker-Content-Digest"] for answer in answers}) == 2


def test_seeding_twice_changes_nothing(url: str) -> None:
    upstream.seed(url, IMAGES)
    upstream.seed(url, IMAGES)


def test_an_upstream_that_never_answers_is_said_to_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "_SECONDS", 0.1)
    with pytest.raises(TimeoutError, match=r"upstream\.log"):
        upstream.seed(f"http://127.0.0.1:{free_port()}", IMAGES)
