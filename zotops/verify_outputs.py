"""What `verify` found, for programs: one JSON document, JUnit, and the textfile collector's form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from zotops import __version__
from zotops.asked_files import writing
from zotops.checks.matrix_answers import Asked
from zotops.checks.standing import NOT_CHECKED
from zotops.model import Verdict
from zotops.redaction import printable
from zotops.verification import Result, Verified

FORM = "zotops/verify/1"


def document(found: Sequence[Verified], *, at: datetime, code: int) -> str:
    """One JSON document; its schema is docs/reference/verify.schema.json."""
    whole = {
        "form": FORM,
        "version": __version__,
        "at": at.isoformat(timespec="seconds"),
        "exit": code,
        "registries": [_registry(one) for one in found],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _registry(found: Verified) -> Mapping[str, Any]:
    return {
        "profile": found.profile.name,
        "registry": found.profile.registry.url,
        "practice": found.profile.practice,
        "took": round(found.took, 3),
        "counts": {
            "passed": len(found.of(Verdict.PASSED)),
            "failed": len(found.of(Verdict.FAILED)),
            "unknown": len(found.of(Verdict.UNKNOWN)),
            "findings": len(found.findings),
            "untold": len(found.untold),
            "cells": len(found.matrix),
        },
        "checks": [_check(one) for one in found.results],
        "cells": [_cell(one) for one in found.matrix],
        "left": list(found.left),
        "not_checked": [*NOT_CHECKED, *found.left_out],
    }


def _check(one: Result) -> Mapping[str, Any]:
    evidence = one.evidence
    return {
        "name": one.name,
        "says": str(one.check),
        "verdict": evidence.verdict.value,
        "finding": one.finding,
        "advisory": one.check.advisory,
        "expected": evidence.expected,
        "observed": evidence.observed,
        "twin": evidence.twin,
        "likely": evidence.likely,
        "remedy": evidence.remedy,
        "took": round(evidence.took, 3),
    }


def _cell(asked: Asked) -> Mapping[str, Any]:
    cell = asked.cell
    return {
        "principal": cell.principal.id,
        "ask": cell.ask.id,
        "repository": cell.place.repository,
        "address": str(cell.address),
        "expected": sorted(cell.expected),
        "status": asked.seen.status,
        "verdict": asked.verdict.value,
        "said": asked.seen.said,
    }


def write_junit(found: Sequence[Verified], path: Path) -> None:
    """One suite a registry, one case a sentence: failed is a failure, unknown an error, a finding is skipped."""
    from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

    xml = JUnitXml()
    for one in found:
        suite = TestSuite(f"verify {one.profile.name}")
        for result in one.results:
            case = TestCase(str(result.check), classname=f"verify.{result.name}", time=round(result.evidence.took, 3))
            words = _words(result)
            if result.finding:
                case.result = [Skipped(f"finding: {words}")]
            elif result.counts_as is Verdict.FAILED:
                case.result = [Failure(words)]
            elif result.evidence.verdict is Verdict.UNKNOWN:
                case.result = [Skipped(words) if result.check.advisory else Error(words)]
            suite.add_testcase(case)
        xml.add_testsuite(suite)
    with writing(path):
        xml.write(str(path), pretty=True)


def _words(result: Result) -> str:
    """On one line, without what XML cannot hold."""
    evidence = result.evidence
    parts = (f"expected {evidence.expected}", f"observed {evidence.observed}", f"remedy {evidence.remedy}")
    return printable("; ".join(parts))


def write_prometheus(found: Sequence[Verified], path: Path, *, at: datetime) -> None:
    """For node_exporter's textfile collector; written beside and renamed, so that it is never read in half."""
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry = CollectorRegistry()
    check = Gauge(
        "zotops_verify_check", "1: this verdict was found", ("profile", "check", "verdict"), registry=registry
    )
    cells = Gauge("zotops_verify_cells", "Cells of the access matrix", ("profile", "verdict"), registry=registry)
    took = Gauge("zotops_verify_duration_seconds", "How long it took", ("profile",), registry=registry)
    last = Gauge("zotops_verify_timestamp_seconds", "When it was looked", ("profile",), registry=registry)
    for one in found:
        name = one.profile.name
        for result in one.results:
            found_as = "finding" if result.finding else result.evidence.verdict.value
            for verdict in ("passed", "failed", "unknown", "finding"):
                check.labels(name, result.name, verdict).set(verdict == found_as)
        for kind in Verdict:
            cells.labels(name, kind.value).set(sum(asked.verdict is kind for asked in one.matrix))
        took.labels(name).set(one.took)
        last.labels(name).set(at.timestamp())
    with writing(path):
        write_to_textfile(str(path), registry)
