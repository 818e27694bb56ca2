"""Issuer, keys and metrics as verify looks at them, from this machine."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.checks.conftest import LIST_KEYS, Here
from tests.systems.outside import Safe, profile_of, tabled, world_of
from zotops.checks.discovery import IssuerSeenFromHere
from zotops.checks.key_list import NoStrayKeys
from zotops.checks.scraping import MetricsAreRead
from zotops.looking import made
from zotops.model import Verdict

Answers = Callable[..., Here]
DISCOVERY = "GET /application/o/zot/.well-known/openid-configuration"
SAMPLES = b"# TYPE up gauge\nup 1\n\ndown 0\n"


@pytest.mark.parametrize(
    ("answer", "verdict", "observed"),
    [
        ({"issuer": "RIGHT"}, Verdict.PASSED, "RIGHT"),
        ({"issuer": "http://elsewhere/"}, Verdict.FAILED, "http://elsewhere/"),
        ({"issuer": "RIGHT" + "/" * 99}, Verdict.FAILED, "RIGHT" + "/" * 40),
        ({"name": "x"}, Verdict.FAILED, "a document without issuer"),
        ([], Verdict.FAILED, "a document without issuer"),
        (404, Verdict.UNKNOWN, "404 from "),
    ],
)
def test_the_issuer_is_asked_from_here(tmp_path: Path, answer: Any, verdict: Verdict, observed: str) -> None:
    with tabled({}) as provider:
        profile = profile_of(tmp_path, registry="http://127.0.0.1:9", provider=provider.url)
        right = profile.identity_provider.issuer
        body = json.loads(json.dumps(answer).replace("RIGHT", right))
        provider.table[DISCOVERY] = body if isinstance(body, int) else (200, body)
        evidence = made(IssuerSeenFromHere(profile=profile), world_of(profile, Safe()), {})
        assert evidence.verdict is verdict
        assert evidence.observed.startswith(observed.replace("RIGHT", right))
        assert len(evidence.observed) <= len(right) + 99


def key(name: str, *, used: int = 0, expired: bool = False) -> dict[str, Any]:
    """A key last used so many days ago; 0: never; -1: by somebody else, a moment after the one in use."""
    now = datetime.now(UTC)
    told = {"uuid": f"uuid-{name}", "label": name, "isExpired": expired}
    times = {"createdAt": now, "expirationDate": now + timedelta(days=-1 if expired else 9)}
    last = (now - timedelta(days=used)).isoformat() if used else "0001-01-01T00:00:00Z"
    return {**told, **{field: time.isoformat() for field, time in times.items()}, "lastUsed": last}


@pytest.mark.parametrize(
    ("keys", "observed"),
    [
        ([key("used", used=1)], ""),
        ([key("used", used=1), key("dead", expired=True)], ""),
        ([key("used", used=1), key("other", used=2)], '"other", id ..ther'),
        ([key("used", used=1), key("other"), key("more")], '"more", id ..more, "other", id ..ther'),
        ([key("used", used=1), key("other", used=-1)], '"other", id ..ther'),
    ],
)
def test_a_key_beside_the_one_in_use_is_a_finding(keys: list[Any], observed: str, answers: Answers) -> None:
    here = answers({f"key {LIST_KEYS}": (200, {"apiKeys": keys})}, used=keys[0])
    check = NoStrayKeys(profile=here.profile)
    evidence = here.look(check)
    assert check.advisory
    assert evidence.verdict is (Verdict.FAILED if observed else Verdict.PASSED)
    assert evidence.observed == (observed or "one key that has not expired")


def test_without_a_key_no_list_is_asked_for(answers: Answers) -> None:
    here = answers(key="")
    assert here.look(NoStrayKeys(profile=here.profile)).observed == "no key yet"


@pytest.mark.parametrize(
    ("answer", "verdict", "observed"),
    [
        ((200, SAMPLES), Verdict.PASSED, "200, 2 lines"),
        ((200, b"<html>"), Verdict.FAILED, "200, 1 lines"),
        (401, Verdict.FAILED, "401"),
        ((401, SAMPLES), Verdict.FAILED, "401"),
    ],
)
def test_metrics_are_samples_and_200(answer: Any, verdict: Verdict, observed: str, answers: Answers) -> None:
    here = answers({"GET /metrics": answer})
    evidence = here.look(MetricsAreRead(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (verdict, observed)


def test_a_profile_without_metrics_asks_for_none(answers: Answers) -> None:
    here = answers()
    registry = msgspec.structs.replace(here.profile.registry, metrics_path="")
    evidence = here.look(MetricsAreRead(profile=msgspec.structs.replace(here.profile, registry=registry)))
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, "the profile names no metrics")
