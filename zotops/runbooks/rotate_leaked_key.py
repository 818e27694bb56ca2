"""Rotate a key that has leaked: first nobody else may push any more, then CI may again."""

from __future__ import annotations

from dataclasses import replace

from zotops.actions.end_others import EndAllOthers
from zotops.checks.ci_user import CiUserIsRight, ClaimsAreRight
from zotops.checks.reachable import RegistryIsReachable
from zotops.checks.rotation_end import OnlyTheNewKeyIsLeft
from zotops.checks.rotation_start import CurrentKeyIsKnown
from zotops.checks.sessions import NoSessionLeft
from zotops.checks.vault import OwnItemIsThere, ReferencesResolve
from zotops.checks.vault_unlocked import VaultIsUnlocked
from zotops.model import Runbook, Step
from zotops.profile import Profile
from zotops.runbooks import rotate_key
from zotops.runbooks.in_common import find_the_key_in_use
from zotops.systems.zot_keys import KEY_ID, KEY_LABEL

LEAKED = "CI works with the leaked key, and so does whoever else has it: go on."
REFUSED = "Whoever has the leaked key can do nothing with it. CI is refused, too, until `propagate` is done."


def runbook(profile: Profile) -> Runbook:
    """The same steps in the order of an emergency."""
    usual = rotate_key.runbook(profile)
    return replace(
        usual,
        title="Rotate a leaked CI key",
        purpose=(
            "Somebody else has CI's key. First the next key is made, which takes milliseconds; then every other key of "
            f"{profile.ci.name} is ended, the leaked one and whatever was made with it; only then CI gets the new one. "
            "CI is refused meanwhile. What was pushed with the leaked key stays in the registry; no run takes it back: "
            "a key of CI can push new tags and change none."
        ),
        steps=(
            preflight(profile),
            replace(
                rotate_key.create(profile),
                safe_to_stop=f"{LEAKED} The new key lies in the vault's pending field, and nothing uses it.",
            ),
            end_others(profile),
            replace(rotate_key.stage(profile), safe_to_stop=REFUSED),
            replace(rotate_key.test(profile), safe_to_stop=REFUSED),
            replace(
                rotate_key.promote(profile),
                why="CI's copy is made from the shared item. `confirm` tries the dead key once more, from `previous`.",
                safe_to_stop=REFUSED,
                undo=None,
                back="there is none",
            ),
            replace(
                rotate_key.propagate(profile),
                safe_to_stop="The new key is the only one. CI has it; the next step shows it.",
                undo=None,
                back="there is none",
            ),
            replace(rotate_key.prove(profile), safe_to_stop="The new key works.", back="the two tags stay"),
            rotate_key.confirm(profile),
            rotate_key.arm(profile),
        ),
        not_checked=(*usual.not_checked, "what was pushed with the leaked key: look at the tags since it leaked"),
    )


def preflight(profile: Profile) -> Step:
    """No more than is needed to make a key."""
    return replace(
        rotate_key.preflight(profile),
        title="Look which key has leaked",
        checks=(
            VaultIsUnlocked(profile=profile),
            OwnItemIsThere(profile=profile),
            ReferencesResolve(profile=profile),
            RegistryIsReachable(profile=profile),
            CiUserIsRight(profile=profile),
            ClaimsAreRight(profile=profile),
            CurrentKeyIsKnown(profile=profile),
        ),
        instructions=find_the_key_in_use(profile),
        safe_to_stop=f"Nothing has been changed. {LEAKED}",
    )


def end_others(profile: Profile) -> Step:
    """What cannot wait."""
    registry, user = profile.registry, profile.ci.name
    return Step(
        id="end-others",
        title="End every key but the new one",
        why="A leaked key can make others. Only when the list shows no other key twice, nobody else has one.",
        instructions=f"""
            <{registry.url}/user/apikey>, signed in as `{user}` (see `create`): delete every key but the new one,
            {KEY_LABEL}, whose id is {KEY_ID}; both were noted in `create`. Load the page again, and delete what has
            appeared meanwhile, until twice nothing has. Note the ids and labels of those that you do not know. Sign
            out, end the impersonation.
            """,
        action=EndAllOthers(profile=profile),
        checks=(OnlyTheNewKeyIsLeft(profile=profile), NoSessionLeft(profile=profile)),
        safe_to_stop=f"Before it, the leaked key works. After it: {REFUSED[0].lower()}{REFUSED[1:]}",
        back="there is none",
    )
