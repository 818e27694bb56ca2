"""Judges what is around the key: other keys of the CI user, rotations that were left, and the forge's copy; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from zotops.runs import Run
from zotops.systems.key_places import ids_in
from zotops.systems.rotation import OLD_KEY_ID, short
from zotops.systems.zot_keys import Key, Listed
from zotops.watched_key.history import AFTER_A_LEAK, CUT_OVER, REVOKE, History, is_between_two_keys, is_rotation
from zotops.watched_key.points import Judged
from zotops.watched_key.status import Level, Other, Point

STRAYS, TWINS, ENDLESS, BACK, ROTATION_LEFT, FORGE = "strays", "labels", "endless", "revoked", "rotation", "forge"
LABEL = "zotops/"
STRAY, BEFORE = "stray", "the key from before"
ELSEWHERE = "ask whoever rotates, and go on with `invoke rotate-key` on the machine where it was begun"


@dataclass(frozen=True)
class Left:
    """A rotation that was left: what is known of it, and what goes on with it."""

    what: str
    remedy: str


def about_the_others(judged: Judged) -> Iterator[Point]:
    """Every point that is not about the key itself."""
    listed = judged.seen.registry.listed
    sentences = {
        STRAYS: f"{judged.profile.ci.name} has no key that nobody uses",
        TWINS: "no two keys have the same label",
        ENDLESS: "every key has an end",
    }
    if listed is None:
        for name, says in sentences.items():
            yield Point(name=name, says=says, level=Level.UNKNOWN, observed="the keys could not be listed")
    else:
        keys = [key for key in listed.keys if not key.expired]
        yield _strays(judged, sentences[STRAYS])
        yield _twins(keys, sentences[TWINS])
        yield _endless(keys, sentences[ENDLESS])
    if (back := _back(judged)) is not None:
        yield back
    yield _rotation(judged)
    if (forge := _forge(judged)) is not None:
        yield forge


def others(judged: Judged) -> tuple[Other, ...]:
    """The CI user's other keys, newest first, each with the reason for which it is there."""
    listed, last = judged.seen.registry.listed, judged.known.last
    if listed is None:
        return ()
    used = last.used if last else {}
    reasons = _reasons(judged, listed)
    return tuple(
        Other(
            key=key,
            why=reasons.get(key.id, STRAY),
            used_by_us=key.last_used is not None and used.get(key.id) == key.last_used.isoformat(),
        )
        for key in listed.keys
        if key.id != listed.own.id
    )


def _reasons(judged: Judged, listed: Listed) -> dict[str, str]:
    """Id to why a key is there; a key that is in none of these is a stray. What counts most stands last."""
    vault, known = judged.seen.vault, judged.known
    rest = [key for key in listed.keys if key.id != listed.own.id]
    found = {key.id: f"made by run {_run_of(key)}" for key in rest if _run_of(key) in _going(known)}
    if vault.pending.value:
        # It could only be told for sure by using it.
        made_by_runs = [key for key in rest if key.label.startswith(LABEL) and not key.expired]
        found |= {key.id: "pending" for key in made_by_runs[:1]}
    found |= {run.now.facts[OLD_KEY_ID]: BEFORE for run in known.unfinished if _has_old(run)}
    if vault.previous.value and vault.current_id.text not in {"", listed.own.id}:
        found[vault.current_id.text] = BEFORE
    found |= dict.fromkeys(_revoked(judged), "revoked")
    found |= {key.id: "expired" for key in rest if key.expired}
    unexplained = [key.id for key in rest if key.id not in found]
    if vault.previous.value and BEFORE not in found.values() and len(unexplained) == 1:
        # Its id was never noted, and it could only be told for sure by using it; the kept rotation is told anyway.
        found[unexplained[0]] = f"{BEFORE}, it seems"
    return found


def _revoked(judged: Judged) -> frozenset[str]:
    return judged.known.revoked | frozenset(ids_in(judged.seen.vault.revoked.text))


def _going(known: History) -> frozenset[str]:
    return frozenset(run.now.run for run in known.unfinished)


def _has_old(run: Run) -> bool:
    return is_rotation(run) and OLD_KEY_ID in run.now.facts


def _run_of(key: Key) -> str:
    return key.label.removeprefix(LABEL).partition("/")[0] if key.label.startswith(LABEL) else ""


def _strays(judged: Judged, says: str) -> Point:
    found = [other.key for other in others(judged) if other.why == STRAY]
    return Point(
        name=STRAYS,
        says=says,
        level=Level.WARNING if found else Level.OK,
        observed=", ".join(map(short, found)) or "none",
        likely="made by hand and forgotten, or by a run of another machine" if found else "",
        remedy=f"delete it on {judged.profile.registry.url}/user/apikey, signed in as {judged.profile.ci.name}"
        if found
        else "",
    )


def _twins(keys: list[Key], says: str) -> Point:
    counted = Counter(key.label for key in keys if key.label)
    twice = sorted(label for label, number in counted.items() if number > 1)
    return Point(
        name=TWINS,
        says=says,
        level=Level.WARNING if twice else Level.OK,
        observed=", ".join(f'{counted[label]} keys "{label}"' for label in twice) or "none",
        remedy="keep the one in use; delete the others" if twice else "",
    )


def _endless(keys: list[Key], says: str) -> Point:
    found = [key for key in keys if key.expires is None]
    return Point(
        name=ENDLESS,
        says=says,
        level=Level.WARNING if found else Level.OK,
        observed=f"without: {', '.join(map(short, found))}" if found else f"{len(keys)} of {len(keys)}",
        remedy="delete it, or replace it by one with an end" if found else "",
    )


def _back(judged: Judged) -> Point | None:
    """A revoked key that is listed again opens the registry again; None where nothing tells which were revoked."""
    vault, registry = judged.seen.vault, judged.seen.registry
    says, revoked = "no revoked key is back", _revoked(judged)
    found = [key for key in registry.keys if key.id in revoked]
    if found:
        return Point(
            name=BACK,
            says=says,
            level=Level.CRITICAL,
            observed=", ".join(map(short, found)),
            likely="the registry was restored from a backup that is older than the revocation",
            remedy="revoke it again at once; look what else the backup brought back: `invoke verify`",
        )
    if vault.revoked.unread:
        return Point(name=BACK, says=says, level=Level.UNKNOWN, observed=vault.revoked.unread)
    if registry.listed is None:
        return Point(name=BACK, says=says, level=Level.UNKNOWN, observed="the keys could not be listed")
    if not revoked:
        return None
    return Point(name=BACK, says=says, level=Level.OK, observed=f"none of {len(revoked)}")


def _rotation(judged: Judged) -> Point:
    """What was begun and not ended, here or, by what lies in the vault, on another machine."""
    known, vault = judged.known, judged.seen.vault
    left = rotation_left(known, judged.seen.registry.keys)
    going = bool(known.at_work)
    alive = [other for other in others(judged) if other.why != "expired"]
    if not left and vault.previous.value and alive:
        filled = f"the field previous is filled, and {len(alive)} more keys are alive: the old one may be among them"
        left = Left(filled, ELSEWHERE)
    if not left and vault.pending.value and not known.unfinished:
        left = Left("the field pending is filled, and by no run of this machine", ELSEWHERE)
    unread = vault.pending.unread or vault.previous.unread
    if not left and unread:
        return rotation_point(Level.UNKNOWN, unread)
    if going:
        return rotation_point(Level.OK, f"one is under way: {known.at_work}")
    return left_point(left) if left else rotation_point(Level.OK, "none")


def rotation_left(known: History, keys: tuple[Key, ...] = ()) -> Left | None:
    """Which rotation of this machine stopped, what of it lives on, and what goes on with it; None when none did."""
    for run in reversed(known.unfinished):
        if is_rotation(run):
            how = "invoke rotate-key --leaked" if run.runbook == AFTER_A_LEAK else "invoke rotate-key"
            return Left(f"run {run.now.run} {_stopped(run, keys)}", f"`{how}` goes on where it stopped")
    return None


def _stopped(run: Run, keys: tuple[Key, ...]) -> str:
    if run.runbook == AFTER_A_LEAK:
        return "stopped, after a leak, before its end: CI may be without a key that works"
    if run.now.of(REVOKE).stage == "done":
        return f"stopped after `{REVOKE}`: the old key is ended, and when the new one ends is not noted yet"
    if not is_between_two_keys(run):
        return f"stopped before `{CUT_OVER}`: the key in use is still the one from before"
    old = run.now.facts.get(OLD_KEY_ID, "")
    gone = bool(keys) and old not in {key.id for key in keys}
    life = "is no longer listed" if gone else "is alive" if keys else "was alive when it stopped"
    return f"stopped between two keys: the old one, ..{old[-4:]}, {life}"


def left_point(left: Left) -> Point:
    """A rotation was left."""
    return rotation_point(Level.WARNING, left.what, remedy=left.remedy)


def rotation_point(level: Level, observed: str, *, remedy: str = "") -> Point:
    """Whether a rotation was left."""
    return Point(
        name=ROTATION_LEFT, says="no rotation was left half done", level=level, observed=observed, remedy=remedy
    )


def _forge(judged: Judged) -> Point | None:
    """Whether the forge has the secret, and whether it is older than the key; None where nothing tells the latter."""
    forge, name = judged.seen.forge, judged.profile.forge.secret
    told: tuple[Level, str] | None
    if not forge.kept:
        return None
    if forge.unread:
        told = (Level.UNKNOWN, forge.unread)
    elif name not in forge.secrets:
        told = (Level.WARNING, "it has no such secret")
    else:
        told = _age_of(judged, forge.secrets[name])
    if told is None:
        return None
    level, observed = told
    return Point(
        name=FORGE,
        says=f"the forge's {name} is not older than the key",
        level=level,
        observed=observed,
        remedy="`invoke rotate-key` goes on, or let the role give it to the forge" if level is Level.WARNING else "",
    )


def _age_of(judged: Judged, first: datetime | None) -> tuple[Level, str] | None:
    """By what runs of ours did, else by when the secret was first made: an update leaves that time alone."""
    known, print_, current = judged.known, judged.seen.print, judged.seen.registry.current
    if given := known.given_to_the_forge.get(print_):
        return Level.OK, f"given by a run of ours on {_minute(given)}"
    if print_ in known.made_here:
        return Level.WARNING, "older: a run of ours took this key into use, and none gave it to the forge"
    if first and current and current.created and first >= current.created:
        return Level.OK, f"first made on {_minute(first)}, after the key"
    return None


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"
