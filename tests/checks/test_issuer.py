"""The issuer as a discovery document names it, byte for byte."""

import json
from pathlib import Path

import pytest

from tests.platform.stand_ins import with_programs
from zotops.checks.issuer import IssuerIsExact
from zotops.looking import made
from zotops.model import Evidence, Verdict

RIGHT = "http://127.0.0.1:9/application/o/zot/"


def look(folder: Path, answer: str, status: str = "200 OK") -> Evidence:
    reply = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n{answer}"
    (folder / "reply").write_bytes(reply.encode())
    profile, world = with_programs(folder, ssh=f"cat {folder}/reply")
    return made(IssuerIsExact(profile=profile), world, {})


@pytest.mark.parametrize(
    ("answer", "verdict", "observed", "likely"),
    [
        ({"issuer": RIGHT}, Verdict.PASSED, RIGHT, ""),
        ({"issuer": RIGHT[:-1]}, Verdict.FAILED, RIGHT[:-1], "a slash too few or too many"),
        ({"issuer": f"{RIGHT}/"}, Verdict.FAILED, f"{RIGHT}/", "a slash too few or too many"),
        ({"issuer": "http://elsewhere/"}, Verdict.FAILED, "http://elsewhere/", "another host name"),
        ({}, Verdict.FAILED, "a document without issuer", "another host name"),
        ([], Verdict.FAILED, "a document without issuer", "another host name"),
    ],
)
def test_the_issuer_is_compared_byte_for_byte(
    tmp_path: Path, answer: object, verdict: Verdict, observed: str, likely: str
) -> None:
    evidence = look(tmp_path, json.dumps(answer))
    assert (evidence.verdict, evidence.observed, evidence.likely) == (verdict, observed, likely)


@pytest.mark.parametrize(
    ("status", "observed"), [("404 Not Found", "404: the provider has no application"), ("502 Bad Gateway", "502")]
)
def test_without_a_document_nothing_is_known(tmp_path: Path, status: str, observed: str) -> None:
    evidence = look(tmp_path, "{}", status)
    assert (evidence.verdict, observed in evidence.observed) == (Verdict.UNKNOWN, True)
