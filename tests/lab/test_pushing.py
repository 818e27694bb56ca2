import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.lab.recording_registry import Registry, recording_registry
from zotops.lab.pushing import Credentials, PushError, Style, Target, push_image, skopeo
from zotops.lab.pushing.images import digest_of, image_from, write_layout

KEY = ("zot-ci", "the-right-key")
WRONG = ("zot-ci", "a-made-up-key")
BOTH: tuple[Style, ...] = ("dagger", "skopeo")
needs_skopeo = needs.program("skopeo")


@pytest.fixture
def closed() -> Iterator[Registry]:
    with recording_registry(key=KEY) as registry:
        yield registry


def push(registry: Registry, style: Style, credentials: tuple[str, str] | None, seed: str = "one") -> str:
    return push_image(registry.url, "practice/nettest", "v1", seed, credentials, style)


def push_with_program(registry: Registry, credentials: Credentials | None, seed: str = "one") -> str:
    return skopeo.push_by_program(
        image_from(seed),
        Target(registry=registry.url, repository="practice/nettest", tag="v1"),
        credentials,
        program="skopeo",
        environment={name: os.environ[name] for name in ("PATH", "HOME")},
    )


def test_the_same_seed_gives_the_same_image_and_another_seed_another_one() -> None:
    assert image_from("one") == image_from("one")
    assert image_from("one").digest != image_from("two").digest
    assert image_from("one").digest != image_from("one", "docker").digest


def test_a_docker_image_names_docker_media_types_throughout() -> None:
    image = image_from("one", "docker")
    manifest = json.loads(image.manifest)
    parts = (manifest, manifest["config"], *manifest["layers"])
    assert all("vnd.docker" in part["mediaType"] for part in parts)
    assert image.media_type == manifest["mediaType"]


def test_a_layout_holds_the_manifest_and_both_blobs_below_their_digests(tmp_path: Path) -> None:
    write_layout(image_from("one"), tmp_path / "image")
    stored = {path.name: path.read_bytes() for path in (tmp_path / "image" / "blobs" / "sha256").iterdir()}
    assert len(stored) == 3
    assert all(digest_of(content) == f"sha256:{name}" for name, content in stored.items())


@pytest.mark.parametrize("style", BOTH)
def test_an_open_registry_takes_an_image_without_credentials(style: Style) -> None:
    with recording_registry() as registry:
        assert push(registry, style, None) == image_from("one").digest
        assert registry.tags("practice/nettest") == {"v1"}
        assert not any(asked.endswith("*") for asked in registry.asked())


def test_daggers_client_pings_nothing_and_shows_its_key_only_after_the_challenge(closed: Registry) -> None:
    push(closed, "dagger", KEY)
    assert closed.asked() == [
        "HEAD blobs/D",
        "POST blobs/uploads/",
        "POST blobs/uploads/ *",
        "PUT blobs/uploads/U?digest=D *",
        "HEAD blobs/D *",
        "POST blobs/uploads/ *",
        "PUT blobs/uploads/U?digest=D *",
        "HEAD manifests/v1 *",
        "PUT manifests/v1 *",
    ]


def test_daggers_client_shows_a_wrong_key_once_and_gives_up(closed: Registry) -> None:
    with pytest.raises(PushError):
        push(closed, "dagger", WRONG)
    assert closed.asked() == ["HEAD blobs/D", "POST blobs/uploads/", "POST blobs/uploads/ *"]


def test_skopeos_sequence_pings_first_and_shows_its_key_from_then_on(closed: Registry) -> None:
    push(closed, "skopeo", KEY)
    upload = ["HEAD blobs/D *", "POST blobs/uploads/ *", "PATCH blobs/uploads/U *", "PUT blobs/uploads/U?digest=D *"]
    assert closed.asked() == ["GET /v2/", "HEAD blobs/D *", *upload, *upload, "PUT manifests/v1 *"]


@needs_skopeo
@pytest.mark.parametrize("credentials", [KEY, None, WRONG, ("zot-ci", "")])
def test_our_skopeo_sequence_is_the_programs_own(credentials: tuple[str, str] | None) -> None:
    def outcome(attempt: Callable[[Registry], str]) -> tuple[str, list[str]]:
        with recording_registry(key=KEY) as registry:
            try:
                attempt(registry)
            except PushError as error:
                return str(error).rpartition(": ")[2].rstrip('"'), registry.asked()
            return "pushed", registry.asked()

    login = None if credentials is None else Credentials(user=credentials[0], password=credentials[1])
    ours = outcome(lambda registry: push(registry, "skopeo", credentials))
    assert ours == outcome(lambda registry: push_with_program(registry, login))


@pytest.mark.parametrize(
    ("style", "credentials", "words"),
    [
        ("dagger", WRONG, "401 Unauthorized"),
        ("dagger", None, "no basic auth credentials"),
        ("dagger", ("zot-ci", ""), "no basic auth credentials"),
        ("skopeo", WRONG, "unauthorized: authentication required"),
        ("skopeo", None, "initiating layer upload .* unauthorized: authentication required"),
        ("skopeo", ("zot-ci", ""), "unauthorized: authentication required"),
    ],
)
def test_without_the_right_key_nothing_is_pushed_and_the_client_says_so(
    closed: Registry, style: Style, credentials: tuple[str, str] | None, words: str
) -> None:
    with pytest.raises(PushError, match=words):
        push(closed, style, credentials)
    assert closed.tags("practice/nettest") == set()


@pytest.mark.parametrize(
    ("style", "words"),
    [("dagger", "403 Forbidden"), ("skopeo", "uploading manifest .* denied: requested access to the resource")],
)
def test_another_image_under_an_existing_tag_is_refused(closed: Registry, style: Style, words: str) -> None:
    push(closed, "dagger", KEY)
    with pytest.raises(PushError, match=words):
        push(closed, style, KEY, seed="two")


def test_daggers_client_sends_nothing_when_the_tag_holds_the_same_digest(closed: Registry) -> None:
    push(closed, "dagger", KEY)
    closed.requests.clear()
    push(closed, "dagger", KEY)
    assert closed.asked() == ["HEAD blobs/D", "HEAD blobs/D", "HEAD manifests/v1"]


def test_skopeo_fails_when_the_tag_holds_the_same_digest(closed: Registry) -> None:
    push(closed, "skopeo", KEY)
    with pytest.raises(PushError, match="denied: requested access to the resource is denied"):
        push(closed, "skopeo", KEY)


def test_a_proxy_that_drops_the_challenge_breaks_both_paths() -> None:
    with recording_registry(key=KEY, challenges=False) as registry:
        with pytest.raises(PushError, match="failed to find supported auth scheme"):
            push(registry, "dagger", KEY)
        with pytest.raises(PushError, match="unauthorized: authentication required"):
            push(registry, "skopeo", KEY)
        assert not any(asked.endswith("*") for asked in registry.asked())


def test_a_registry_that_is_gone_is_a_failed_push_and_no_crash() -> None:
    with recording_registry() as registry:
        url = registry.url
    with pytest.raises(PushError, match="refused"):
        push_image(url, "practice/nettest", "v1", "one", None, "dagger")


def test_credentials_do_not_show_in_a_repr() -> None:
    assert KEY[1] not in repr(Credentials(user=KEY[0], password=KEY[1]))


def test_the_program_gets_the_key_in_a_private_file_that_is_gone_afterwards(tmp_path: Path, closed: Registry) -> None:
    witness = tmp_path / "witness.json"
    program = tmp_path / "skopeo"
    program.write_text(
        "#!/usr/bin/env python3\nimport json, os, sys\n"
        "file = sys.argv[sys.argv.index('--dest-authfile') + 1]\n"
        "modes = [oct(os.stat(path).st_mode & 0o777) for path in (file, os.path.dirname(file))]\n"
        f"json.dump({{'argv': sys.argv, 'file': file, 'modes': modes}}, open({str(witness)!r}, 'w'))\n"
        "sys.exit('boom')\n"
    )
    program.chmod(stat.S_IRWXU)
    target = Target(registry=closed.url, repository="practice/nettest", tag="v1")
    login = Credentials(user=KEY[0], password=KEY[1])
    with pytest.raises(PushError, match="boom"):
        skopeo.push_by_program(
            image_from("one"), target, login, program=str(program), environment={"PATH": os.environ["PATH"]}
        )
    seen = json.loads(witness.read_text())
    assert seen["modes"] == ["0o600", "0o700"]
    assert not Path(seen["file"]).parent.exists()
    assert KEY[1] not in " ".join(seen["argv"])
