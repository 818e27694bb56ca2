"""Judges what was seen of the key itself: does it work, how long, when is the next rotation; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from zotops.profile import Profile
from zotops.systems.key_places import ids_in, trouble_with
from zotops.systems.moments import moment
from zotops.watched_key.history import AFTER_A_LEAK, History, is_rotation
from zotops.watched_key.seen import Answer, AtRegistry, Field, Seen
from zotops.watched_key.status import Dates, KeyState, Level, Point, day, days_until, in_days

WORKS, DAYS, DUE, RECORD = "key", "days", "due", "record"
# Both ends are written to the second.
SLACK = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was seen and what is known here, to be judged together."""

    seen: Seen
    known: History
    profile: Profile

    @property
    def now(self) -> datetime:
        """The registry's time, where it says it."""
        return self.seen.registry.now

    @property
    def rotating(self) -> bool:
        """Whether two keys are in play: our own item then still tells of the older one."""
        filled = (self.seen.vault.pending.value, self.seen.vault.previous.value)
        return any(filled) or any(map(is_rotation, self.known.unfinished))


def state_of(judged: Judged) -> KeyState:
    """What is the matter with the vault's key."""
    vault, registry = judged.seen.vault, judged.seen.registry
    if vault.key.unread:
        return KeyState.CANNOT_TELL
    if trouble_with(vault.key.value):
        return KeyState.NO_KEY
    told = {
        Answer.TAKEN: KeyState.WORKS,
        Answer.DOWN: KeyState.REGISTRY_DOWN,
        Answer.CANNOT_TELL: KeyState.CANNOT_TELL,
        Answer.NOT_ASKED: KeyState.CANNOT_TELL,
    }
    return told.get(registry.answer) or _why_refused(judged)


def _why_refused(judged: Judged) -> KeyState:
    """A refusal is one and the same answer, whatever its cause: what is known of the key from before tells more."""
    vault, known = judged.seen.vault, judged.known.key
    is_known = known is not None and known.print == judged.seen.print != ""
    key_id = known.id if known and is_known else vault.current_id.text
    if key_id and key_id in (*ids_in(vault.revoked.text), *judged.known.revoked):
        return KeyState.REVOKED
    if known and known.print and not is_known:
        return KeyState.WRONG_PAIR
    expires = known.expires if known and is_known else moment(vault.expires.text)
    if expires and expires <= judged.now:
        return KeyState.EXPIRED
    return KeyState.REVOKED if is_known else KeyState.REFUSED


_CAUSES = {
    KeyState.EXPIRED: ("it has expired", "make a new one: `invoke rotate-key` signs in for it"),
    KeyState.REVOKED: (
        "it worked and was ended before its day: revoked, or the registry has lost its keys",
        "`invoke rotate-key` signs in and makes a new one",
    ),
    KeyState.WRONG_PAIR: (
        "it is not the key that is known here: pasted from elsewhere, or made while signed in as somebody else",
        "put the right one back from the item's history, or make a new one with `invoke rotate-key`",
    ),
    KeyState.REFUSED: (
        "revoked, expired, or made by somebody else: nothing here tells which",
        "`invoke rotate-key` signs in and makes a new one",
    ),
}


def about_the_key(judged: Judged) -> Iterator[Point]:
    """Does the vault's key work, how long, and when is it to be replaced?"""
    state = state_of(judged)
    yield _works(judged, state)
    dates = dates_of(judged)
    yield days_point(judged.profile, dates, judged.now, seen=judged.seen.registry.current is not None)
    yield due_point(dates, judged.now, trouble=_trouble_with_due(judged.seen.vault.due))
    if (record := _record(judged)) is not None:
        yield record


def _works(judged: Judged, state: KeyState) -> Point:
    vault, registry, user = judged.seen.vault, judged.seen.registry, judged.profile.ci.name
    says = f"the registry takes the vault's key for {user}"
    if state is KeyState.WORKS:
        return Point(name=WORKS, says=says, level=Level.OK, observed=registry.said)
    if state is KeyState.NO_KEY:
        trouble = trouble_with(vault.key.value) if vault.key.kept else "there is no such field"
        return Point(
            name=WORKS,
            says=says,
            level=Level.CRITICAL,
            observed=f"no key is there: {trouble}",
            likely="nobody has stored one yet, or something else was stored in its place",
            remedy="`invoke rotate-key` makes one and stores it",
        )
    if state in _CAUSES:
        likely, remedy = _CAUSES[state]
        if any(run.runbook == AFTER_A_LEAK for run in judged.known.unfinished):
            remedy = "`invoke rotate-key --leaked` goes on where it stopped"
        return Point(name=WORKS, says=says, level=Level.CRITICAL, observed=registry.said, likely=likely, remedy=remedy)
    down = state is KeyState.REGISTRY_DOWN
    return Point(
        name=WORKS,
        says=says,
        level=Level.UNKNOWN,
        observed=vault.key.unread or registry.said,
        likely="the registry is down, or cannot be reached from here" if down else _why_nobody_can_tell(registry),
        remedy="look whether it is there: `invoke verify --as nobody`" if down else "",
    )


def _why_nobody_can_tell(registry: AtRegistry) -> str:
    if registry.answer is Answer.NOT_ASKED:
        return ""
    return "no credential arrives or is judged there: a proxy drops it, or the registry has no API keys"


def dates_of(judged: Judged) -> Dates:
    """From the registry's list; else from the vault or from here, where the vault's key is the one they are of."""
    current, known, vault = judged.seen.registry.current, judged.known.key, judged.seen.vault
    if current:
        source, expires, made = "the registry", current.expires, current.created
    elif known and known.print == judged.seen.print != "":
        source, expires, made = known.source, known.expires, known.made
    else:
        source, expires, made = "our own item", moment(vault.expires.text), None
    if not made and expires:
        made = expires - timedelta(days=judged.profile.rotation.lifetime_days)
    noted = None if judged.rotating else moment(vault.due.text)
    return Dates(expires=expires, due=noted or due_after(judged.profile, made), made=made, source=source)


def due_after(profile: Profile, made: datetime | None) -> datetime | None:
    """The day that the profile sets for the next rotation."""
    return made + timedelta(days=profile.rotation.due_day) if made else None


def _trouble_with_due(due: Field) -> str:
    return f"our own item says {due.text!r}, which is no date" if due.text and not moment(due.text) else ""


def days_point(profile: Profile, dates: Dates, now: datetime, *, seen: bool) -> Point:
    """Days left against the profile's thresholds. A date that was not seen at the registry is never good news."""
    rotation = profile.rotation
    says = f"the key has {rotation.warning_days} days left or more"
    left = days_until(dates.expires, now)
    if dates.expires is None or left is None:
        if seen:
            remedy = "make another, with an expiry: `invoke rotate-key`"
            return Point(name=DAYS, says=says, level=Level.WARNING, observed="it never expires", remedy=remedy)
        return Point(name=DAYS, says=says, level=Level.UNKNOWN, observed="its end is known nowhere")
    low = Level.CRITICAL if left < rotation.critical_days else Level.WARNING
    level = low if left < rotation.warning_days else Level.OK if seen else Level.UNKNOWN
    where = "" if seen else f", says {dates.source}; not seen at the registry"
    return Point(
        name=DAYS,
        says=says,
        level=level,
        observed=f"it ends {in_days(dates.expires, now)}, {day(dates.expires)}{where}",
        remedy="" if level in {Level.OK, Level.UNKNOWN} else "`invoke rotate-key`, before it ends",
    )


def due_point(dates: Dates, now: datetime, *, trouble: str = "") -> Point:
    """Whether the day of the next rotation has come."""
    says = "the next rotation is not due yet"
    if trouble:
        remedy = "`invoke rotate-key` writes it anew"
        return Point(name=DUE, says=says, level=Level.WARNING, observed=trouble, remedy=remedy)
    if dates.due is None:
        return Point(name=DUE, says=says, level=Level.UNKNOWN, observed="its day is known nowhere")
    come = dates.due <= now
    return Point(
        name=DUE,
        says=says,
        level=Level.WARNING if come else Level.OK,
        observed=f"due {in_days(dates.due, now)}, {day(dates.due)}",
        remedy="`invoke rotate-key`" if come else "",
    )


def _is_that_end(noted: datetime | None, ends: datetime | None) -> bool:
    """To the day, which is all that a person may have written; programs write to the second, also around midnight."""
    return noted is not None and ends is not None and (day(noted) == day(ends) or abs(noted - ends) <= SLACK)


def _record(judged: Judged) -> Point | None:
    """Whether our own item tells of this very key; None where it tells nothing, or rightly still of the older one."""
    current, vault = judged.seen.registry.current, judged.seen.vault
    unread = vault.current_id.unread or vault.expires.unread
    says = f"{judged.profile.secrets.own_title!r} tells of this key"
    if unread:
        return Point(name=RECORD, says=says, level=Level.UNKNOWN, observed=unread)
    if current is None or judged.rotating or not (vault.current_id.text or vault.expires.text):
        return None
    wrong = []
    if vault.current_id.text and vault.current_id.text != current.id:
        wrong.append(f"its id is ..{vault.current_id.text[-4:]}, the key in use is ..{current.id[-4:]}")
    noted = moment(vault.expires.text)
    if vault.expires.text and not _is_that_end(noted, current.expires):
        ends = day(current.expires) if current.expires else "never"
        wrong.append(f"it ends {day(noted) if noted else 'on no date'} there, at the registry {ends}")
    return Point(
        name=RECORD,
        says=says,
        level=Level.WARNING if wrong else Level.OK,
        observed="; ".join(wrong) or "as listed",
        likely="the key was replaced without zotops" if wrong else "",
        remedy="`invoke rotate-key` puts it right" if wrong else "",
    )
