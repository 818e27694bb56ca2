import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.checks.conftest import IMAGE, IS_REGISTRY, REFUSED, Here
from tests.systems.outside import nobody_listens
from zotops.checks.consumers import ConsumersStillPull
from zotops.checks.metrics import METRICS_BEFORE, MetricsAsBefore
from zotops.checks.pull import CatalogIsPublic, ImageIsPulledAnonymously
from zotops.checks.pull_through import MirrorFormIsUsed, PullThroughWorks
from zotops.checks.scratch import ScratchImageCameBack
from zotops.model import Fact, Verdict
from zotops.profile import Profile
from zotops.systems.zot_image import SCRATCH_DIGEST, SCRATCH_TAG, tiny_image

Answers = Callable[..., Here]
SMALL = tiny_image("test")
MANIFEST = {"Docker-Content-Digest": SMALL.digest}
CACHED = "/v2/docker.io/library/busybox"
SCRATCH = "/v2/practice/zotops-scratch"
PULLED = Fact("pulled-through-docker.io")


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def stored(at: str, *references: str) -> dict[str, Any]:
    """The lines with which a registry serves the small image."""
    manifests = {f"GET {at}/manifests/{reference}": (200, SMALL.manifest, MANIFEST) for reference in references}
    blobs = {f"GET {at}/blobs/{digest(blob)}": (200, blob) for blob in (SMALL.config, SMALL.layer)}
    return {**manifests, **blobs}


OURS = stored(IMAGE, "v1")
CACHE = stored(CACHED, SMALL.digest) | {f"GET {CACHED}/tags/list": (200, {"tags": ["1.36"]})}
PUSHED = stored(SCRATCH, "zotops-7f3a-1")
KNOWN = {PULLED: SMALL.digest, SCRATCH_TAG: "zotops-7f3a-1", SCRATCH_DIGEST: SMALL.digest}


@pytest.mark.parametrize(
    "check",
    [
        CatalogIsPublic,
        ImageIsPulledAnonymously,
        PullThroughWorks,
        MirrorFormIsUsed,
        ScratchImageCameBack,
        ConsumersStillPull,
    ],
)
def test_what_can_be_pulled_passes_and_a_silent_registry_is_unknown(
    check: type, answers: Answers, nowhere: Here
) -> None:
    plain = {"GET /v2/library/busybox/tags/list": (200, {"tags": ["1.36"]})}
    here = answers({**OURS, **CACHE, **PUSHED, **plain})
    assert here.look(check(profile=here.profile), KNOWN).verdict is Verdict.PASSED
    assert nowhere.look(check(profile=nowhere.profile), KNOWN).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("check", "changes", "observed", "likely"),
    [
        (CatalogIsPublic, {"nobody GET /v2/_catalog": REFUSED}, "401, 0 repositories", "does not let nobody read"),
        (CatalogIsPublic, {"nobody GET /v2/_catalog": (200, {"repositories": []})}, "200, 0", "does not let nobody"),
        (ImageIsPulledAnonymously, {f"GET {IMAGE}/tags/list": REFUSED}, "401 to its tags", "nobody may read it"),
        (ImageIsPulledAnonymously, {f"GET {IMAGE}/manifests/v1": REFUSED}, "401", "nobody may read it"),
        (
            ImageIsPulledAnonymously,
            {f"GET {IMAGE}/blobs/{digest(SMALL.layer)}": (200, b"something else")},
            "has other bytes",
            "storage is damaged",
        ),
        (
            ImageIsPulledAnonymously,
            {f"GET {IMAGE}/manifests/v1": (200, SMALL.manifest, {"Docker-Content-Digest": digest(b"x")})},
            "its bytes are",
            "storage is damaged",
        ),
        (PullThroughWorks, {f"GET {CACHED}/tags/list": REFUSED}, "busybox: 401", "nobody may read below"),
        (PullThroughWorks, {f"GET {CACHED}/tags/list": (200, {"tags": []})}, "lists no 1.36", "was not kept"),
        (PullThroughWorks, {f"GET {CACHED}/manifests/{SMALL.digest}": 404}, ": 404", "was not kept"),
        (MirrorFormIsUsed, {}, "/v2/library/busybox: 404, while", "without the prefix"),
        (ScratchImageCameBack, {f"GET {SCRATCH}/manifests/zotops-7f3a-1": REFUSED}, "401", "nobody may read it"),
        (
            ScratchImageCameBack,
            {f"GET {SCRATCH}/manifests/zotops-7f3a-1": (200, tiny_image("other").manifest)},
            "200 sha256:",
            "somebody else pushed this tag",
        ),
        (ConsumersStillPull, {f"GET {IMAGE}/tags/list": REFUSED}, "cluster: 401; job runner: 401", "anonymousPolicy"),
    ],
)
def test_what_cannot_be_pulled_is_red_and_says_why(
    check: type, changes: dict[str, Any], observed: str, likely: str, answers: Answers
) -> None:
    here = answers({**OURS, **CACHE, **PUSHED, **changes})
    evidence = here.look(check(profile=here.profile), KNOWN)
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed
    assert likely in evidence.likely


@pytest.mark.parametrize("check", [PullThroughWorks, ScratchImageCameBack])
def test_before_it_was_written_there_is_nothing_to_pull_yet(check: type, answers: Answers) -> None:
    here = answers()
    evidence = here.look(check(profile=here.profile))
    assert evidence.verdict is Verdict.FAILED
    assert evidence.observed.startswith("not yet: <")


def test_why_a_mirror_gave_nothing_is_shown(answers: Answers) -> None:
    here = answers()
    evidence = here.look(PullThroughWorks(profile=here.profile), {PULLED: "not served: 404"})
    assert evidence.observed == "library/busybox:1.36 not served: 404"


def test_nothing_is_ever_asked_for_with_head(answers: Answers) -> None:
    here = answers({**OURS, **CACHE, **PUSHED})
    for check in (ImageIsPulledAnonymously, PullThroughWorks, ScratchImageCameBack, MirrorFormIsUsed):
        here.look(check(profile=here.profile), KNOWN)
    assert not [line for line, _ in here.server.seen if " HEAD " in line]


def test_plain_mirrors_are_a_finding_and_unknown_while_nothing_is_cached(answers: Answers) -> None:
    here = answers()
    check = MirrorFormIsUsed(profile=here.profile)
    assert check.advisory
    assert here.look(check).verdict is Verdict.UNKNOWN


def test_each_consumer_asks_as_it_does(answers: Answers) -> None:
    here = answers()
    here.look(ConsumersStillPull(profile=here.profile))
    agents = {headers["User-Agent"] for line, headers in here.server.seen if line.endswith("tags/list")}
    assert agents == {"containerd/2.0", "docker/28.0"}


@pytest.mark.parametrize(
    ("ping", "observed"),
    [
        ((401, b"", IS_REGISTRY), "cluster: 200, job runner: 200"),
        ((200, b"", IS_REGISTRY), "cluster: 200, job runner: 200"),
        ((404, b""), "job runner: 404 to its ping"),
        ((403, b""), "job runner: 403 to its ping"),
    ],
)
def test_docker_pings_first_and_goes_on_after_a_401(ping: Any, observed: str, answers: Answers) -> None:
    here = answers({**OURS, "nobody GET /v2/": ping})
    evidence = here.look(ConsumersStillPull(profile=here.profile))
    assert (evidence.verdict is Verdict.PASSED, evidence.observed) == ("ping" not in observed, observed)
    pinged = [headers["User-Agent"] for line, headers in here.server.seen if line.endswith("GET /v2/")]
    assert pinged == ["docker/28.0"]


def test_a_consumer_that_cannot_be_asked_is_unknown_but_hides_no_refusal(answers: Answers) -> None:
    for status, verdict in ((200, Verdict.UNKNOWN), (401, Verdict.FAILED)):
        here = answers({f"GET {IMAGE}/tags/list": status})
        away = msgspec.structs.replace(here.profile.consumers[0], url=nobody_listens())
        profile = msgspec.structs.replace(here.profile, consumers=(away, here.profile.consumers[1]))
        assert here.look(ConsumersStillPull(profile=profile)).verdict is verdict


def test_each_consumer_is_named_also_when_there_are_none(answers: Answers) -> None:
    here = answers(OURS)
    row = ConsumersStillPull(profile=here.profile)
    assert "-A 'containerd/2.0'" in row.look.command
    assert here.look(row).observed == "cluster: 200, job runner: 200"
    nobody = ConsumersStillPull(profile=msgspec.structs.replace(here.profile, consumers=()))
    assert nobody.look.want == "the profile names no consumers"
    assert here.look(nobody).observed == "there are none"


def without_mirrors(profile: Profile) -> Profile:
    registry = msgspec.structs.replace(profile.registry, mirrors=())
    return msgspec.structs.replace(profile, registry=registry)


@pytest.mark.parametrize("check", [PullThroughWorks, MirrorFormIsUsed])
def test_a_person_looks_at_the_first_mirror_if_there_is_one(check: type, answers: Answers) -> None:
    profile = answers().profile
    assert "library/busybox/tags/list" in check(profile=profile).look.command
    assert check(profile=without_mirrors(profile)).look.want == "the profile names no mirrors"


def test_what_came_back_is_told_in_numbers(answers: Answers) -> None:
    plain = {"GET /v2/library/busybox/tags/list": (200, {"tags": ["1.36"]})}
    here = answers({**OURS, **CACHE, **PUSHED, **plain})
    told = {check: here.look(check(profile=here.profile), KNOWN) for check in (PullThroughWorks, MirrorFormIsUsed)}
    assert [evidence.observed for evidence in told.values()] == ["1 images, digests computed", "200"]
    assert here.look(ScratchImageCameBack(profile=here.profile), KNOWN).observed == f"200 {SMALL.digest[:19]}"
    assert here.look(ImageIsPulledAnonymously(profile=here.profile)).observed == f"200, {SMALL.digest[:19]}, 2 blobs"
    assert here.look(CatalogIsPublic(profile=here.profile)).observed == "200, 1 repositories"


def test_a_catalog_without_our_image_says_so(answers: Answers) -> None:
    here = answers({"nobody GET /v2/_catalog": (200, {"repositories": ["other"]})})
    evidence = here.look(CatalogIsPublic(profile=here.profile))
    assert evidence.observed == "200, 1 repositories, practice/nettest not among them"


@pytest.mark.parametrize(("status", "likely"), [(500, "nobody may read it"), (404, "nobody may read it")])
def test_an_image_that_is_not_served_is_told_by_its_status(status: int, likely: str, answers: Answers) -> None:
    here = answers({f"GET {IMAGE}/manifests/v1": status})
    evidence = here.look(ImageIsPulledAnonymously(profile=here.profile))
    assert (evidence.verdict, evidence.observed, evidence.likely) == (Verdict.FAILED, str(status), likely)
    assert evidence.remedy == "look at http.accessControl"


def test_an_image_whose_bytes_are_others_is_to_be_scrubbed(answers: Answers) -> None:
    here = answers({**OURS, f"GET {IMAGE}/blobs/{digest(SMALL.layer)}": (200, b"something else")})
    assert "`zot scrub`" in here.look(ImageIsPulledAnonymously(profile=here.profile)).remedy


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({f"GET {CACHED}/tags/list": 404}, "docker.io/library/busybox: 404"),
        ({f"GET {CACHED}/manifests/{SMALL.digest}": (200, b"{}")}, f"busybox@{SMALL.digest[:19]}: 200 sha256:"),
        ({f"GET {CACHED}/blobs/{digest(SMALL.layer)}": 404}, f"blob {digest(SMALL.layer)[:19]}: 404"),
    ],
)
def test_what_a_mirror_kept_is_looked_at_whole(changes: dict[str, Any], observed: str, answers: Answers) -> None:
    here = answers({**CACHE, **changes})
    evidence = here.look(PullThroughWorks(profile=here.profile), KNOWN)
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed


def test_an_image_that_was_pushed_and_came_back_damaged_is_told_by_what_is_wrong(answers: Answers) -> None:
    here = answers({**PUSHED, f"GET {SCRATCH}/blobs/{digest(SMALL.layer)}": 404})
    evidence = here.look(ScratchImageCameBack(profile=here.profile), KNOWN)
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, f"blob {digest(SMALL.layer)[:19]}: 404")


def test_another_image_that_is_damaged_too_is_told_as_another(answers: Answers) -> None:
    other = tiny_image("other")
    here = answers({f"GET {SCRATCH}/manifests/zotops-7f3a-1": (200, other.manifest)})
    assert here.look(ScratchImageCameBack(profile=here.profile), KNOWN).observed == f"200 {other.digest[:19]}"


@pytest.mark.parametrize(
    ("plain", "cached", "verdict"),
    [
        (200, 200, Verdict.PASSED),
        (404, 200, Verdict.FAILED),
        (404, 404, Verdict.UNKNOWN),
        (200, 404, Verdict.UNKNOWN),
        (500, 200, Verdict.UNKNOWN),
    ],
)
def test_plain_mirrors_are_judged_only_beside_what_is_cached(
    plain: int, cached: int, verdict: Verdict, answers: Answers
) -> None:
    here = answers({"GET /v2/library/busybox/tags/list": plain, f"GET {CACHED}/tags/list": cached})
    evidence = here.look(MirrorFormIsUsed(profile=here.profile))
    assert evidence.verdict is verdict
    assert verdict is not Verdict.UNKNOWN or f"/v2/library/busybox: {plain}" in evidence.observed


def test_metrics_that_cannot_be_asked_from_the_server_are_unknown(answers: Answers) -> None:
    here = answers()
    evidence = here.look(MetricsAsBefore(profile=here.profile), {METRICS_BEFORE: "200 from here, 200 on the server"})
    assert (evidence.verdict, evidence.observed) == (Verdict.UNKNOWN, "`ssh` is not installed")
