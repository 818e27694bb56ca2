"""What `key-status` found, for programs: one JSON document, and the textfile collector's form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from zotops import __version__
from zotops.asked_files import writing
from zotops.systems.zot_keys import Key
from zotops.watched_key.company import STRAY
from zotops.watched_key.issues import Told
from zotops.watched_key.status import KeyStatus, Level, Other, Point

FORM = "zotops/key-status/1"


def document(status: KeyStatus, told: Sequence[Told] = (), *, at: datetime, code: int) -> str:
    """One JSON document; its schema is docs/reference/key-status.schema.json."""
    profile, rotation = status.profile, status.profile.rotation
    whole = {
        "form": FORM,
        "version": __version__,
        "at": at.isoformat(timespec="seconds"),
        "exit": code,
        "level": status.level.value,
        "profile": profile.name,
        "registry": profile.registry.url,
        "practice": profile.practice,
        "offline": status.offline,
        "now": status.now.isoformat(timespec="seconds"),
        "clock": "registry" if status.by_its_clock else "this machine",
        "took": round(status.took, 3),
        "last_success": _time(status.last_success),
        "thresholds": {"warning_days": rotation.warning_days, "critical_days": rotation.critical_days},
        "key": {
            "state": status.state.value,
            "id": status.key_id or None,
            "label": status.label or None,
            "made": _time(status.dates.made),
            "expires": _time(status.dates.expires),
            "days_left": None if status.days_left is None else round(status.days_left, 6),
            "due": _time(status.dates.due),
            "dates_from": status.dates.source or None,
            "last_used": _time(status.key.last_used) if status.key else None,
            "last_used_by_this_look": status.looked,
        },
        "others": [_other(other) for other in status.others],
        "points": [_point(point) for point in status.points],
        "not_checked": list(status.not_checked),
        "issues": [_told(one) for one in told],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _other(other: Other) -> Mapping[str, Any]:
    key: Key = other.key
    return {
        "id": key.id,
        "label": key.label,
        "why": other.why,
        "made": _time(key.created),
        "expires": _time(key.expires),
        "expired": key.expired,
        "last_used": _time(key.last_used),
        "last_used_by_a_look": other.used_by_us,
    }


def _point(point: Point) -> Mapping[str, str]:
    return {
        "name": point.name,
        "says": point.says,
        "level": point.level.value,
        "observed": point.observed,
        "likely": point.likely,
        "remedy": point.remedy,
    }


def _told(one: Told) -> Mapping[str, Any]:
    return {
        "point": one.point,
        "level": one.level.value,
        "address": one.address or None,
        "opened": one.opened,
        "trouble": one.trouble,
    }


def _time(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def write_prometheus(status: KeyStatus, path: Path, *, at: datetime) -> None:
    """For node_exporter's textfile collector; written beside and renamed, so that it is never read in half."""
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry, name = CollectorRegistry(), status.profile.name

    def gauge(metric: str, says: str, value: float | None) -> None:
        """What is not known is left out: a number in its place would be taken for one."""
        if value is not None:
            Gauge(metric, says, ("profile",), registry=registry).labels(name).set(value)

    gauge("zotops_key_days_left", "Days until the key ends", status.days_left)
    gauge("zotops_key_expiry_timestamp_seconds", "When the key ends", _seconds(status.dates.expires))
    gauge("zotops_key_due_timestamp_seconds", "When the next rotation is due", _seconds(status.dates.due))
    gauge("zotops_key_timestamp_seconds", "When it was looked", at.timestamp())
    gauge(
        "zotops_key_success_timestamp_seconds",
        "When a look last could tell everything",
        _seconds(status.last_success),
    )
    gauge("zotops_key_duration_seconds", "How long it took", status.took)
    others = Gauge("zotops_key_others", "Further keys of the CI user", ("profile", "kind"), registry=registry)
    strays = sum(other.why == STRAY for other in status.others)
    others.labels(name, STRAY).set(strays)
    others.labels(name, "known").set(len(status.others) - strays)
    found = Gauge("zotops_key_point", "1: this level was found", ("profile", "point", "level"), registry=registry)
    for point in status.points:
        for level in Level:
            found.labels(name, point.name, level.value).set(point.level is level)
    with writing(path):
        write_to_textfile(str(path), registry)


def _seconds(when: datetime | None) -> float | None:
    return when.timestamp() if when else None
