"""Health, certificate and clock of a registry, and what a proxy in front of it has changed."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.checks.conftest import IMAGE, IS_REGISTRY, REFUSED, Here, one_address
from tests.tls import certified
from zotops.checks.front_of_house import CertificateLasts, ClocksAgree, IsHealthy, NothingIsChangedOnTheWay
from zotops.looking import made
from zotops.model import Check, Evidence, Verdict
from zotops.world import Headers, Reply

Answers = Callable[..., Here]
NOW = datetime(2026, 3, 7, 10, 0, 0, tzinfo=UTC)
WELL = dict.fromkeys(("GET /livez", "GET /readyz", "GET /startupz"), (200, b"ok\n"))
CHALLENGE = {**IS_REGISTRY, "WWW-Authenticate": 'Basic realm="zot"'}
LARGE = f"PUT {IMAGE}/manifests/zotops-unused"
PASSED_ON = {"nobody GET /v2/": (200, b"", CHALLENGE), LARGE: REFUSED}


@dataclass(frozen=True)
class Shown:
    """A server that shows a certificate and the time, and nothing else."""

    certificate: bytes = b""
    date: str = ""

    def send(self, method: str, url: str, **_given: Any) -> Reply:
        said = Headers([("Date", self.date)] if self.date else ())
        return Reply(method=method, url=url, status=200, headers=said, certificate=self.certificate)


@dataclass(frozen=True)
class Stopped:
    """A clock that stands still."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def ticks(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        del seconds


def certificate(folder: Path, days: int) -> bytes:
    """One that holds so many days from now on."""
    return ssl.PEM_cert_to_DER_cert(certified(folder, ends=NOW + timedelta(days=days)).certificate.read_text())


def look(here: Here, check: Check, server: Shown) -> Evidence:
    return made(check, replace(here.world, http=server, clock=Stopped()), {})


@pytest.mark.parametrize(
    ("days", "verdict"), [(90, Verdict.PASSED), (14, Verdict.PASSED), (13, Verdict.FAILED), (-1, Verdict.FAILED)]
)
def test_a_certificate_has_two_weeks_left(days: int, verdict: Verdict, answers: Answers, tmp_path: Path) -> None:
    here = answers()
    registry = msgspec.structs.replace(here.profile.registry, url="https://registry.invalid", addresses=())
    check = CertificateLasts(profile=msgspec.structs.replace(here.profile, registry=registry))
    evidence = look(here, check, Shown(certificate(tmp_path, days)))
    assert (evidence.verdict, evidence.observed) == (verdict, f"{days} days left at https://registry.invalid")
    assert look(here, check, Shown(b"no certificate")).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("url", "place"), [("https://cr.example.org", "cr.example.org:443"), ("https://h:8443", "h:8443")]
)
def test_the_certificate_is_looked_at_where_it_is_shown(url: str, place: str, answers: Answers) -> None:
    here = answers()
    registry = msgspec.structs.replace(here.profile.registry, url=url)
    command = CertificateLasts(profile=msgspec.structs.replace(here.profile, registry=registry)).look.command
    assert f"-connect {place} <" in command


def test_without_https_there_is_no_certificate_to_end(answers: Answers) -> None:
    here = answers()
    evidence = look(here, CertificateLasts(profile=here.profile), Shown())
    assert (evidence.verdict, evidence.observed) == (
        Verdict.PASSED,
        "no address that is reached from here speaks https",
    )


@pytest.mark.parametrize(
    ("off", "verdict"),
    [(0, Verdict.PASSED), (61, Verdict.PASSED), (-61, Verdict.PASSED), (62, Verdict.FAILED), (-62, Verdict.FAILED)],
)
def test_the_clock_may_be_a_minute_off(off: int, verdict: Verdict, answers: Answers) -> None:
    here = answers()
    date = format_datetime(NOW + timedelta(seconds=off), usegmt=True)
    evidence = look(here, ClocksAgree(profile=here.profile), Shown(date=date))
    assert (evidence.verdict, evidence.observed) == (verdict, f"{abs(off)} s off")


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_the_clock_is_unknown(date: str, answers: Answers) -> None:
    here = answers()
    assert look(here, ClocksAgree(profile=here.profile), Shown(date=date)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({}, "ok, three times"),
        ({"GET /readyz": (500, b"ok")}, "/readyz: 500"),
        ({"GET /livez": (200, b"<html>")}, "/livez: 200"),
        ({"GET /livez": 404, "GET /startupz": 404}, "/livez: 404, /startupz: 404"),
    ],
)
def test_health_is_the_word_and_200_at_each(changes: dict[str, Any], observed: str, answers: Answers) -> None:
    here = answers({**WELL, **changes})
    evidence = here.look(IsHealthy(profile=here.profile))
    assert evidence.verdict is (Verdict.FAILED if changes else Verdict.PASSED)
    assert evidence.observed == observed


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({}, ""),
        ({"nobody GET /v2/": (401, b"", {"WWW-Authenticate": "Basic"})}, ""),
        ({"nobody GET /v2/": (401, b"", IS_REGISTRY)}, "no WWW-Authenticate on GET /v2/"),
        ({"nobody GET /v2/": (200, b"", IS_REGISTRY)}, "no WWW-Authenticate on GET /v2/"),
        ({"nobody GET /v2/": (200, b"", {"WWW-Authenticate": "Basic"})}, "no version header"),
        ({LARGE: 413}, "413 to a body of 1.3 MB"),
        ({LARGE: 405}, "405 to a PUT, as no registry answers"),
    ],
)
def test_what_a_proxy_changes_is_named(changes: dict[str, Any], observed: str, answers: Answers) -> None:
    here = answers({**PASSED_ON, **changes})
    profile = one_address(here.profile)
    evidence = here.look(NothingIsChangedOnTheWay(profile=profile))
    assert evidence.verdict is (Verdict.FAILED if observed else Verdict.PASSED)
    url = here.server.url
    assert evidence.observed.startswith(f"{url}: {observed}" if observed else "nothing at 1 addresses")


def test_where_any_key_is_taken_nothing_was_there_to_strip(answers: Answers) -> None:
    """Without authentication there is no challenge; that it is off is said by the access matrix."""
    here = answers({**PASSED_ON, "nobody GET /v2/": (200, b"", IS_REGISTRY), "other GET /v2/": (200, b"", IS_REGISTRY)})
    assert here.look(NothingIsChangedOnTheWay(profile=one_address(here.profile))).verdict is Verdict.PASSED


def test_an_address_that_only_the_server_reaches_is_not_asked_from_here(answers: Answers) -> None:
    here = answers(PASSED_ON)
    away = msgspec.structs.replace(here.profile.registry.addresses[0], url="http://away.invalid", reached_from="server")
    registry = msgspec.structs.replace(here.profile.registry, addresses=(away,))
    check = NothingIsChangedOnTheWay(profile=msgspec.structs.replace(here.profile, registry=registry))
    assert here.look(check).observed == "nothing at 1 addresses"


def test_a_certificate_that_only_the_server_is_shown_is_not_judged_by_the_one_of_this_machine(
    answers: Answers, tmp_path: Path
) -> None:
    here = answers()
    away = msgspec.structs.replace(
        here.profile.registry.addresses[0], url="https://localhost:5443", reached_from="server"
    )
    registry = msgspec.structs.replace(here.profile.registry, url="https://registry.invalid", addresses=(away,))
    check = CertificateLasts(profile=msgspec.structs.replace(here.profile, registry=registry))
    evidence = look(here, check, Shown(certificate(tmp_path, days=90)))
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, "90 days left at https://registry.invalid")


@pytest.mark.parametrize("status", [403, 502])
def test_what_does_not_answer_as_a_registry_is_unknown(status: int, answers: Answers) -> None:
    here = answers({"nobody GET /v2/": status})
    assert here.look(NothingIsChangedOnTheWay(profile=here.profile)).verdict is Verdict.UNKNOWN
