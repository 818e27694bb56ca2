"""The real skopeo against the registry: what it pushes, pulls, and is refused, as FACTS section 9 measured it."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.contract import replay
from tests.lab.registry_world import KINDS, Registry, Visitor, provider, visitor

pytestmark = needs.program("skopeo")


@pytest.fixture(scope="module", params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with provider() as issuer, Registry(request.param, tmp_path_factory.mktemp("zot"), issuer) as found:
        yield found


@pytest.fixture(scope="module")
def someone(registry: Registry) -> Iterator[Visitor]:
    with visitor(registry) as found:
        found.push("key:alice", "practice/there", "v1", "there")
        found.headers_of("key:zot-ci")
        yield found


@pytest.fixture
def image(tmp_path: Path) -> str:
    """An OCI layout with one image, as skopeo names it."""
    parts = replay.image("skopeo")
    folder = tmp_path / "image" / "blobs" / "sha256"
    folder.mkdir(parents=True)
    for content in (parts["config"], parts["layer"], parts["manifest"]):
        (folder / replay.digest(content).removeprefix("sha256:")).write_text(content)
    descriptor = {"mediaType": replay.MANIFEST, "digest": parts["digest"], "size": len(parts["manifest"])}
    names = {"annotations": {"org.opencontainers.image.ref.name": "one"}}
    index = {"schemaVersion": 2, "manifests": [descriptor | names]}
    (tmp_path / "image" / "index.json").write_text(json.dumps(index))
    (tmp_path / "image" / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return f"oci:{tmp_path / 'image'}:one"


def skopeo(*words: str) -> tuple[int, str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME")}
    done = subprocess.run(
        ["skopeo", "--insecure-policy", *words], capture_output=True, text=True, check=False, env=environment
    )
    return done.returncode, done.stderr


def push(registry: Registry, image: str, place: str, credentials: str | None) -> tuple[int, str]:
    words = ["--dest-creds", credentials] if credentials else ["--dest-no-creds"]
    return skopeo("copy", "--dest-tls-verify=false", *words, image, target(registry, place))


def target(registry: Registry, place: str) -> str:
    return f"docker://127.0.0.1:{registry.port}/{place}"


def ci(someone: Visitor) -> str:
    return f"zot-ci:{someone.keys['zot-ci', False]}"


def test_a_new_tag_is_pushed_and_pulled_back_by_anybody(
    registry: Registry, someone: Visitor, image: str, tmp_path: Path
) -> None:
    assert push(registry, image, "practice/skopeo:new", ci(someone)) == (0, "")
    pull = ["copy", "--src-tls-verify=false", target(registry, "practice/skopeo:new"), f"dir:{tmp_path / 'pulled'}"]
    assert skopeo(*pull) == (0, "")
    pulled = replay.digest((tmp_path / "pulled" / "manifest.json").read_text())
    there = someone.ask("anonymous", "HEAD", "/v2/practice/skopeo/manifests/new")
    assert there.headers["docker-content-digest"] == pulled


@pytest.mark.parametrize("place", ["practice/again:v1", "docker.io/practice/again:v1"])
def test_an_existing_tag_and_a_mirror_prefix_are_denied(
    registry: Registry, someone: Visitor, image: str, place: str
) -> None:
    if place.startswith("practice"):
        assert push(registry, image, place, ci(someone)) == (0, "")
    code, errors = push(registry, image, place, ci(someone))
    assert (code, "denied: requested access to the resource is denied" in errors) == (1, True)


@pytest.mark.parametrize("credentials", [None, "zot-ci:zak_" + "0" * 32])
def test_nobody_and_a_made_up_key_are_unauthorized(registry: Registry, image: str, credentials: str | None) -> None:
    code, errors = push(registry, image, "practice/nobody:v1", credentials)
    assert (code, "authentication required" in errors) == (1, True)


def test_a_made_up_key_cannot_even_pull_what_anybody_may(registry: Registry, tmp_path: Path, someone: Visitor) -> None:
    assert someone.ask("anonymous", "GET", "/v2/practice/there/manifests/v1").status_code == 200
    words = ["copy", "--src-tls-verify=false", "--src-creds", "zot-ci:zak_" + "0" * 32]
    code, errors = skopeo(*words, target(registry, "practice/there:v1"), f"dir:{tmp_path / 'pulled'}")
    assert (code, "authentication required" in errors) == (1, True)


def test_ci_may_not_delete_and_an_admin_may(registry: Registry, someone: Visitor, image: str) -> None:
    assert push(registry, image, "practice/gone:v1", ci(someone)) == (0, "")
    words = ["delete", "--tls-verify=false", "--creds"]
    code, errors = skopeo(*words, ci(someone), target(registry, "practice/gone:v1"))
    assert (code, "403 Forbidden" in errors) == (1, True)
    admin = f"alice:{someone.keys['alice', False]}"
    assert skopeo(*words, admin, target(registry, "practice/gone:v1"))[0] == 0
