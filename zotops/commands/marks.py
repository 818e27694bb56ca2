"""Notices another machine's run by what it left in the vault and at the registry; no kernel lock reaches that far."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.runs import Run
from zotops.systems.key_places import KEY_PRINT, PREVIOUS, own_field
from zotops.systems.rotation import OLD_KEY_ID, OLD_KEY_PRINT
from zotops.systems.zot import open_zot, with_key
from zotops.systems.zot_keys import has_key_form, listed_with
from zotops.world import World

OK = 200
LABEL = "zotops/"


def foreign_marks(world: World, profile: Profile, ours: Sequence[Run]) -> list[str]:
    """What was left by a run that none of `ours` made, one sentence each; empty when there is nothing.

    A vault or a registry that cannot be asked leaves no marks: the first step looks at both and says so.
    """
    found: list[str] = []
    for look in (_pending, _labelled):
        with suppress(Unreachable):
            found += look(world, profile, ours)
    return found


def _pending(world: World, profile: Profile, ours: Sequence[Run]) -> list[str]:
    pending = world.secrets.read(profile.pending_key.secret)
    if not pending or _may_have_filled(ours):
        return []
    known = {run.now.facts.get(KEY_PRINT) for run in ours}
    if world.secrets.fingerprint(pending) in known:
        return []
    return [f"the field `pending` of {profile.secrets.own_title!r} is filled, and by no run of this machine"]


def _may_have_filled(ours: Sequence[Run]) -> bool:
    """Whether a run was cut off while a key was being made, so that it could not record what it stored.

    Where a key was stored since, by any run of ours, that one had been in its place.
    """
    stored = [r.at for run in ours for r in run.records if r.event == "fact-found" and r.data["name"] == KEY_PRINT]
    cut_off = [step.dangling.at for run in ours for step in run.now.steps.values() if step.dangling]
    return max(cut_off, default="") > max(stored, default="")


def _labelled(world: World, profile: Profile, ours: Sequence[Run]) -> list[str]:
    current = world.secrets.read(profile.current_key.secret)
    zot = open_zot(world, profile)
    if not has_key_form(current) or zot.ping(with_key(profile.ci.name, current)).status != OK:
        return []
    listed = listed_with(zot, with_key(profile.ci.name, current))
    known = {listed.own.id}
    known |= {run.now.facts[OLD_KEY_ID] for run in ours if OLD_KEY_ID in run.now.facts}
    previous = world.secrets.read(own_field(profile, PREVIOUS))
    # Using a key moves its last use: a rotation of ours, which knows the old key's id, must find that as it left it.
    ours_too = world.secrets.fingerprint(previous) in {run.now.facts.get(OLD_KEY_PRINT) for run in ours}
    if has_key_form(previous) and not ours_too and zot.ping(caller := with_key(profile.ci.name, previous)).status == OK:
        known.add(listed_with(zot, caller).own.id)
    runs = {run.now.run for run in ours}
    strays = [
        key
        for key in listed.keys
        if key.label.startswith(LABEL) and key.id not in known and _run_of(key.label) not in runs
    ]
    return [f'a key "{key.label}" of {profile.ci.name} was made by no run of this machine' for key in strays]


def _run_of(label: str) -> str:
    return label.removeprefix(LABEL).partition("/")[0]
