"""Whether an answer to a question of the matrix is a judgement, and the registry's own."""

import json
from pathlib import Path

import pytest

from tests.checks.matrix_cells import answer, asked, cell_of, one_door
from zotops.checks.matrix_answers import Seen, judged_by_registry
from zotops.model import Verdict
from zotops.systems.zot import digest_of
from zotops.world import Reply

NAME = "practice/nettest"
DENIED = json.dumps({"errors": [{"code": "DENIED"}]}).encode()
PAGE = b"<html>sign in</html>"
BYTES = b"some bytes"
DIGEST, OTHER = digest_of(BYTES), digest_of(b"other")
STRANGE = "what is between here and the registry? Look at that address in a browser"


def seen(folder: Path, ask: str, reply: Reply, *, digest: str = "", blob: str = "", kind: str = "") -> Seen:
    cell = cell_of(one_door(folder), ask, kind=kind)
    return judged_by_registry(cell, reply, name=NAME, digest=digest, blob=blob)


@pytest.mark.parametrize(
    ("ask", "reply", "status"),
    [
        ("ping", answer(200, docker_distribution_api_version="registry/2.0"), 200),
        ("ping-docker", answer(401, DENIED), 401),
        ("ping", answer(403, DENIED), 403),
        ("keys", answer(500), 500),
        ("keys", answer(404, b"404 page not found\n"), 404),
        ("keys", answer(401, DENIED), 401),
        ("keys", answer(200, b'{"apiKeys": []}'), 200),
        ("keys", answer(200, b'{"apiKeys": null}'), 200),
        ("catalog", answer(200, json.dumps({"repositories": [NAME]}).encode()), 200),
        ("tags", answer(200, b'{"tags": ["v1"]}'), 200),
        ("tags", answer(200, b'{"tags": null}'), 200),
        ("tags", answer(404, DENIED), 404),
        ("create", answer(415, DENIED), 415),
        ("delete-tag", answer(404, DENIED), 404),
    ],
)
def test_a_judgement_of_the_registry_counts(tmp_path: Path, ask: str, reply: Reply, status: int) -> None:
    assert seen(tmp_path, ask, reply) == Seen(status=status)


@pytest.mark.parametrize(
    ("ask", "reply", "said"),
    [
        ("ping", answer(302, location="/login?x=y"), "302, a redirect to /login, which is not followed"),
        ("ping", answer(307), "307, a redirect to nowhere, which is not followed"),
        ("ping", answer(500, DENIED), "500, which says nothing about rights"),
        ("ping", answer(404, DENIED), "404, which says nothing about rights"),
        ("ping", answer(200), "200 without a registry's headers"),
        ("ping", answer(401, PAGE), "401, not the registry's own"),
        ("create", answer(403, PAGE), "403, not the registry's own"),
        ("create", answer(404, DENIED), "404, which says nothing about rights"),
        ("keys", answer(500, PAGE), "500, not the registry's own"),
        ("keys", answer(500, DENIED), "500, not the registry's own"),
        ("keys", answer(404, DENIED), "404, not the registry's own"),
        ("keys", answer(401), "401, not the registry's own"),
        ("keys", answer(200, b"[]"), "200 without a list of apiKeys"),
        ("catalog", answer(200, b'{"repositories": 5}'), "200 without a list of repositories"),
        ("tags", answer(200, b'{"name": "x"}'), "200 without a list of tags"),
        ("tags", answer(200, b"null"), "200 without a list of tags"),
        ("tags", answer(404), "404, not the registry's own"),
    ],
)
def test_any_other_answer_tells_nothing(tmp_path: Path, ask: str, reply: Reply, said: str) -> None:
    assert seen(tmp_path, ask, reply) == Seen(said=said, remedy=STRANGE)


def test_a_catalog_without_our_image_is_none_of_ours(tmp_path: Path) -> None:
    found = seen(tmp_path, "catalog", answer(200, b'{"repositories": ["other"]}'))
    assert found == Seen(status=404, said="200 without our image in it")


@pytest.mark.parametrize(
    ("ask", "digest", "blob", "said_digest", "good"),
    [
        ("manifest-by-tag", DIGEST, OTHER, OTHER, True),
        ("manifest-by-digest", DIGEST, OTHER, OTHER, True),
        ("blob", OTHER, DIGEST, OTHER, True),
        ("manifest-by-tag", OTHER, DIGEST, DIGEST, False),
        ("blob", DIGEST, OTHER, DIGEST, False),
        ("manifest-by-tag", "", DIGEST, DIGEST, True),
        ("manifest-by-tag", "", DIGEST, OTHER, False),
        ("blob", DIGEST, "", OTHER, False),
        ("blob", OTHER, "", "", False),
    ],
)
def test_bytes_are_held_against_the_digest_that_is_known_or_the_one_that_is_said(
    *, tmp_path: Path, ask: str, digest: str, blob: str, said_digest: str, good: bool
) -> None:
    reply = answer(200, BYTES, docker_content_digest=said_digest)
    found = seen(tmp_path, ask, reply, digest=digest, blob=blob)
    assert found == (Seen(status=200) if good else Seen(said="200 with other bytes than the digest's", remedy=STRANGE))


@pytest.mark.parametrize(("status", "verdict"), [(401, Verdict.PASSED), (415, Verdict.FAILED), (None, Verdict.UNKNOWN)])
def test_only_a_status_that_is_expected_passes(tmp_path: Path, status: int | None, verdict: Verdict) -> None:
    one = asked(cell_of(one_door(tmp_path), "create"), status)
    assert one.verdict is verdict
    told = one.without("why", "do")
    assert (told.verdict, told.seen.said, told.seen.remedy) == (Verdict.UNKNOWN, "why", "do")
