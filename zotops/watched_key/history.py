"""What this machine itself knows of CI's key: the journals of its runs, and what the last look at the key found.

The journals hold the dates of a key that was made from here. One file beside them is needed, and is why the rule that
nothing is saved beside a journal has an exception: a look is no run and has none, a key may have been made elsewhere,
and how old the last look is can only be told by something that the look itself left behind. It holds dates, ids and a
keyed fingerprint, never a secret, and without it a look still tells everything but what only it could remember.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from zotops.asked_files import writing
from zotops.model import Fact
from zotops.profile import Profile
from zotops.runs import Run, all_runs
from zotops.state_folder import holder_of, lock_path
from zotops.systems.key_places import KEY_PRINT, ids_in
from zotops.systems.moments import moment
from zotops.systems.rotation import ENDED_IDS, OLD_KEY_ID
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID, KEY_LABEL

# The steps with which a key becomes the one in use, gets to the forge, and is ended, whichever the runbook.
TAKEN_INTO_USE = ("store-ci-key", "promote")
GIVEN_TO_THE_FORGE = ("sync-forge-secrets", "propagate")
CUT_OVER, REVOKE, END_OTHERS = "promote", "revoke", "end-others"
ROTATION, AFTER_A_LEAK = "rotate-key", "rotate-leaked-key"


class LastLook(msgspec.Struct, frozen=True, kw_only=True):
    """What a look leaves for later ones; times in ISO 8601, "" for one that is not known.

    `told_at`: when a look last could tell everything; `seen_at`: when one last saw the key taken, which is what the
    key's own lines are of. `used`: id to the last use that looks of ours themselves caused.
    """

    registry: str
    at: str
    told_at: str = ""
    seen_at: str = ""
    print: str = ""
    id: str = ""
    label: str = ""
    made: str = ""
    expires: str = ""
    due: str = ""
    used: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KnownKey:
    """The key in use, as far as it is known here; `source` says from where, `print` is its keyed fingerprint."""

    print: str
    id: str
    label: str
    expires: datetime | None
    made: datetime | None
    due: datetime | None
    noted: datetime
    source: str


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that is known here. `at_work`: who holds the registry's lock, "" for nobody.

    `made_here`: fingerprints of the keys that runs of this machine took into use.
    """

    key: KnownKey | None = None
    last: LastLook | None = None
    revoked: frozenset[str] = frozenset()
    unfinished: tuple[Run, ...] = ()
    at_work: str = ""
    made_here: frozenset[str] = frozenset()
    given_to_the_forge: Mapping[str, datetime] = field(default_factory=dict)


def read_history(folder: Path, profile: Profile) -> History:
    """Read the journals of this registry's runs, and what the last look left."""
    runs = [run for run in all_runs(folder) if run.registry == profile.registry.url]
    last = read_last_look(folder, profile)
    made = [found for found in map(_of_run, runs) if found]
    known = [*made, *filter(None, [_of_look(last)])]
    return History(
        key=max(known, key=lambda key: key.noted, default=None),
        last=last,
        revoked=frozenset(key_id for run in runs for key_id in _ended(run)),
        unfinished=tuple(run for run in runs if not run.now.ended),
        at_work=holder_of(lock_path(folder, profile.registry.url)),
        made_here=frozenset(key.print for key in made if key.print),
        given_to_the_forge=_given(runs),
    )


def is_rotation(run: Run) -> bool:
    """Whether that run is there to replace a key."""
    return run.runbook in {ROTATION, AFTER_A_LEAK}


def is_between_two_keys(run: Run) -> bool:
    """Whether that run stopped where the new key is in use and the old one still lives."""
    return run.runbook == ROTATION and run.now.of(CUT_OVER).stage == "done" and run.now.of(REVOKE).stage != "done"


def _ended(run: Run) -> tuple[str, ...]:
    """The ids of the keys that a run has ended."""
    facts, of = run.now.facts, run.now.of
    old = (facts[OLD_KEY_ID],) if OLD_KEY_ID in facts and of(REVOKE).stage == "done" else ()
    return (*old, *(ids_in(facts.get(ENDED_IDS, "")) if of(END_OTHERS).stage == "done" else ()))


def look_path(folder: Path, profile: Profile) -> Path:
    """The file of the registry's last look, named as its lock is."""
    return folder / "key-looks" / f"{lock_path(folder, profile.registry.url).stem}.json"


def read_last_look(folder: Path, profile: Profile) -> LastLook | None:
    """What the last look left; None where there was none. A damaged file counts as none: a look writes it anew."""
    try:
        found = msgspec.json.decode(look_path(folder, profile).read_bytes(), type=LastLook)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if found.registry == profile.registry.url else None


def write_last_look(folder: Path, profile: Profile, look: LastLook) -> None:
    """Replace the file at once, so that it is never read in half; folder 0700, file 0600."""
    path = look_path(folder, profile)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path, remedy="make room on its disk, or set ZOTOPS_STATE"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.json.encode(look) + b"\n")
        fresh.replace(path)


def _of_run(run: Run) -> KnownKey | None:
    """The key that a run made, once it was taken into use."""
    taken = [run.now.of(step).finished_at for step in TAKEN_INTO_USE if run.now.of(step).stage == "done"]
    noted = moment(taken[0]) if taken else None
    if noted is None or not run.now.facts.get(KEY_ID):
        return None
    facts = run.now.facts
    return KnownKey(
        print=facts.get(KEY_PRINT, ""),
        id=facts[KEY_ID],
        label=facts.get(KEY_LABEL, ""),
        expires=moment(facts.get(KEY_EXPIRES, "")),
        made=_noted_at(run, KEY_ID),
        due=None,
        noted=noted,
        source=f"run {run.now.run}",
    )


def _noted_at(run: Run, fact: Fact) -> datetime | None:
    """When a run found that out last: a key is made and noted within a second."""
    times = [record.at for record in run.records if record.event == "fact-found" and record.data["name"] == fact.name]
    return moment(times[-1]) if times else None


def _of_look(look: LastLook | None) -> KnownKey | None:
    noted = moment(look.seen_at) if look else None
    if look is None or noted is None:
        return None
    return KnownKey(
        print=look.print,
        id=look.id,
        label=look.label,
        expires=moment(look.expires),
        made=moment(look.made),
        due=moment(look.due),
        noted=noted,
        source="the last look",
    )


def _given(runs: Sequence[Run]) -> dict[str, datetime]:
    """Fingerprint of a key to when a run of ours last gave it to the forge."""
    found: dict[str, datetime] = {}
    for run in runs:
        print_ = run.now.facts.get(KEY_PRINT, "")
        for step in GIVEN_TO_THE_FORGE:
            at = moment(run.now.of(step).finished_at) if run.now.of(step).stage == "done" else None
            if print_ and at:
                found[print_] = max(at, found.get(print_, at))
    return found
