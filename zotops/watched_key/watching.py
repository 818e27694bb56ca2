"""Looks at CI's key and judges it, online or from what is kept here; and what a look leaves for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from zotops.profile import Profile
from zotops.systems.moments import moment
from zotops.watched_key.company import (
    BACK,
    FORGE,
    Left,
    about_the_others,
    left_point,
    others,
    rotation_left,
    rotation_point,
)
from zotops.watched_key.elsewhere import about_the_schedule
from zotops.watched_key.history import History, KnownKey, LastLook
from zotops.watched_key.points import (
    RECORD,
    Judged,
    about_the_key,
    dates_of,
    days_point,
    due_after,
    due_point,
    state_of,
)
from zotops.watched_key.seen import Seen, look_at_key
from zotops.watched_key.status import Dates, KeyState, KeyStatus, Level, Point, day
from zotops.world import World

LAST_LOOK = "look"


def status_online(world: World, profile: Profile, known: History) -> tuple[KeyStatus, LastLook]:
    """Ask the vault, the registry and the forge; also what this look leaves for later ones."""
    start = world.clock.ticks()
    seen = look_at_key(world, profile)
    judged = Judged(seen=seen, known=known, profile=profile)
    points = (*about_the_key(judged), *about_the_others(judged), *about_the_schedule(judged))
    at = world.clock.now()
    last = known.last.told_at if known.last else ""
    current = seen.registry.current
    status = KeyStatus(
        profile=profile,
        now=seen.registry.now,
        by_its_clock=seen.registry.by_its_clock,
        offline=False,
        state=state_of(judged),
        points=points,
        not_checked=tuple(_not_checked(judged, {point.name for point in points})),
        dates=dates_of(judged),
        key=current,
        key_id=current.id if current else "",
        label=current.label if current else "",
        others=others(judged),
        looked=current is not None,
        last_success=moment(last),
        took=world.clock.ticks() - start,
    )
    status = replace(status, last_success=at) if status.told else status
    return status, _left_behind(status, seen, known, at)


def _not_checked(judged: Judged, names: set[str]) -> Iterator[str]:
    seen, forge = judged.seen, judged.profile.forge
    if seen.registry.current:
        yield (
            "when CI used this key last: the list is asked for with the key itself, and that moved its last use, as "
            "every look does"
        )
    if RECORD not in names and not judged.rotating and seen.registry.current:
        yield f"{judged.profile.secrets.own_title!r}: it tells nothing of the key yet"
    if BACK not in names:
        yield "whether a revoked key is back: none is recorded"
    if FORGE not in names:
        first = seen.forge.secrets.get(forge.secret)
        yield (
            f"whether the forge's {forge.secret} is this key: "
            + (f"it tells only when the secret was first made, {day(first)}" if first else "no token for it is kept")
            + "; a build that pushes tells"
        )


def _left_behind(status: KeyStatus, seen: Seen, known: History, at: datetime) -> LastLook:
    """For later looks: when, and of which key; what a look could not see stays as an earlier one left it."""
    before = known.last or LastLook(registry=status.profile.registry.url, at="")
    told_at = at.isoformat() if status.told else before.told_at
    key, dates = status.key, status.dates
    if key is None:
        return msgspec.structs.replace(before, at=at.isoformat(), told_at=told_at)
    listed = {other.key.id for other in status.others}
    used = {one: when for one, when in before.used.items() if one in listed}
    return LastLook(
        registry=before.registry,
        at=at.isoformat(),
        told_at=told_at,
        seen_at=at.isoformat(),
        print=seen.print,
        id=key.id,
        label=key.label,
        made=_written(key.created),
        expires=_written(key.expires),
        due=_written(dates.due),
        used=used | {key.id: _written(key.last_used)},
    )


def _written(when: datetime | None) -> str:
    return when.isoformat() if when else ""


def status_offline(profile: Profile, known: History, now: datetime) -> KeyStatus:
    """From the journals and the last look alone: nothing is asked, nothing is unlocked."""
    key = known.key
    dates = _kept_dates(profile, key)
    last = moment(known.last.told_at) if known.last else None
    points = (
        _kept_days(profile, dates, now),
        due_point(dates, now),
        left_point(left) if (left := _left(known)) else rotation_point(Level.OK, _going(known)),
        look_point(profile, last, now),
    )
    return KeyStatus(
        profile=profile,
        now=now,
        by_its_clock=False,
        offline=True,
        state=KeyState.NOT_ASKED,
        points=points,
        not_checked=("the registry, the vault and the forge: nothing was asked",),
        dates=dates,
        key_id=key.id if key else "",
        label=key.label if key else "",
        last_success=last,
    )


def _kept_dates(profile: Profile, key: KnownKey | None) -> Dates:
    if key is None:
        return Dates()
    due = key.due or due_after(profile, key.made)
    return Dates(expires=key.expires, due=due, made=key.made, source=key.source)


def _kept_days(profile: Profile, dates: Dates, now: datetime) -> Point:
    """Here a kept date is what was asked for; that the key is still the one in use is what nobody says."""
    return days_point(profile, dates, now, seen=dates.expires is not None)


def _left(known: History) -> Left | None:
    return None if known.at_work else rotation_left(known)


def _going(known: History) -> str:
    return f"one is under way: {known.at_work}" if known.at_work else "none, on this machine"


def look_point(profile: Profile, last: datetime | None, now: datetime) -> Point:
    """How old the last look is that could tell everything; a schedule that has stopped shows here."""
    hours = profile.rotation.stale_hours
    says = f"a look told everything within {hours:g} hours"
    if last is None:
        remedy = "`invoke key-status` looks"
        return Point(name=LAST_LOOK, says=says, level=Level.UNKNOWN, observed="none did so far", remedy=remedy)
    old = now - last > timedelta(hours=hours)
    return Point(
        name=LAST_LOOK,
        says=says,
        level=Level.WARNING if old else Level.OK,
        observed=f"the last one was {(now - last).total_seconds() / 3600:.1f} hours ago, "
        f"{last.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        likely="the schedule does not run any more, or each of its looks fails" if old else "",
        remedy="run `invoke key-status`, and look at the schedule's own log" if old else "",
    )
