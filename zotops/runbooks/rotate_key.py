"""Rotate CI's key: no outage, no lost key, no leaked key, and the old one really dead."""

from __future__ import annotations

from zotops.actions.arm import Arm
from zotops.actions.build import DispatchBuild
from zotops.actions.promote import GoBack, Promote
from zotops.actions.revoke import RevokeOldKey
from zotops.actions.soak import Soak
from zotops.actions.successor import MintSuccessor
from zotops.actions.sync_secrets import SyncForgeSecrets
from zotops.checks.access import CiMayCreate, CiMayNotDelete, CiMayNotOverwrite, MadeUpKeyMayNothing
from zotops.checks.builds import BuildSucceeded, TagsAreNew
from zotops.checks.ci_user import CiUserIsRight, ClaimsAreRight
from zotops.checks.forge import SecretIsListed
from zotops.checks.key_api import CiKeyIsListed, KeyIsCiUsers
from zotops.checks.key_list import NoStrayKeys
from zotops.checks.reachable import RegistryIsReachable
from zotops.checks.rotation_end import OldKeyIsGone, OldKeyIsRefused
from zotops.checks.rotation_fields import ANewKeyIsPending, DatesAreNoted, PendingHoldsTheNewKey, PreviousHoldsTheOldKey
from zotops.checks.rotation_start import CurrentKeyIsKnown, NothingIsPending
from zotops.checks.rotation_uses import CiWasGivenTheKey, OldKeyIsQuiet, OldKeyStillLives, OnlyTheNewKeyIsUsed
from zotops.checks.sessions import NoSessionLeft
from zotops.checks.tools import ForgeTakesWrites
from zotops.checks.vault import KeyIsStored, OtherFieldsUnchanged, OwnItemIsThere, ReferencesResolve
from zotops.checks.vault_unlocked import VaultIsUnlocked
from zotops.model import Question, Runbook, Step
from zotops.profile import Profile
from zotops.runbooks.in_common import (
    build_by_every_path,
    built_commit,
    find_the_key_in_use,
    give_ci_the_key,
    how_ci_was_given_it,
    make_a_key,
    pasted_key,
)
from zotops.systems.rotation import COPIES_GIVEN, OLD_KEY_ID, OLD_KEY_LABEL
from zotops.systems.vault_by_hand import in_key_chain, length_command, store_name
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID


def runbook(profile: Profile) -> Runbook:
    """The eleven steps of a rotation, for this place."""
    return Runbook(
        title="Rotate the CI key",
        purpose=(
            "From one key that works to another, without a moment in which CI has none: the new key is tried before it "
            "is used, every push path is proven with it, and only then the old one is ended, and seen to be dead."
        ),
        needs=(
            "a finished deployment: `invoke deploy`",
            f"the infrastructure checkout in `{profile.programs.directory}`; run every command below there",
            "the key chain, unlocked, and `mise`" if in_key_chain(profile) else "`op`, signed in, and `mise`",
            f"in the vault a superuser's API token for <{profile.identity_provider.url}>, and the forge's token",
            "`kubectl`, for a sign-in as the CI user: where its key does not work any more, or somebody else ends it",
            f"`{profile.secrets.own_title}` in the vault, with pending, previous, expires, due, current-id and revoked",
        ),
        steps=(
            preflight(profile),
            create(profile),
            stage(profile),
            test(profile),
            promote(profile),
            propagate(profile),
            prove(profile),
            soak(profile),
            revoke(profile),
            confirm(profile),
            arm(profile),
        ),
        not_checked=(
            "the vault's own history of its items: it keeps old values, and nothing here empties it",
            "who else was told the old key; ended it is of no use to anybody",
            "consumers that the profile does not name: that nothing but the new key is used says that there is none",
        ),
    )


def preflight(profile: Profile) -> Step:
    """What must be known before another key exists."""
    return Step(
        id="preflight",
        title="Look which key is in use, and whether anything is in the way",
        why=(
            "A new key carries on the rights of its maker. Where the identity provider has withdrawn them, a new key "
            "would keep them, and a sign-in would take them from every key at once."
        ),
        instructions=f"{find_the_key_in_use(profile)}\n"
        f"3. Field `pending` of `{profile.secrets.own_title}` is empty: nobody else is rotating.",
        checks=(
            VaultIsUnlocked(profile=profile),
            OwnItemIsThere(profile=profile),
            ReferencesResolve(profile=profile),
            RegistryIsReachable(profile=profile),
            CiUserIsRight(profile=profile),
            ClaimsAreRight(profile=profile),
            CurrentKeyIsKnown(profile=profile),
            NothingIsPending(profile=profile),
            NoStrayKeys(profile=profile),
            SecretIsListed(profile=profile, with_copies=False),
            ForgeTakesWrites(profile=profile),
        ),
        safe_to_stop="Nothing has been changed.",
        back="There is nothing to take back.",
        look_only=True,
        holds="then",
    )


def create(profile: Profile) -> Step:
    """The user's points 1 to 5, without browser and clipboard while the current key works."""
    return Step(
        id="create",
        title="Make the next key, and keep it apart",
        why="Two keys may live at once. The new one waits in a field of its own until it has been tried.",
        instructions=make_a_key(profile, beware=", and into no other: the key in use stays where it is"),
        asks=(pasted_key(profile),),
        action=MintSuccessor(profile=profile),
        checks=(
            ANewKeyIsPending(profile=profile),
            KeyIsCiUsers(profile=profile),
            CiKeyIsListed(profile=profile),
            NoSessionLeft(profile=profile),
        ),
        safe_to_stop="CI works with the old key. The new one lies in the vault's pending field, and nothing uses it.",
        back=f"delete the new key on {profile.registry.url}/user/apikey, and empty the pending field",
        holds="then",
    )


def stage(profile: Profile) -> Step:
    """What the user's point 6 did blindly."""
    return Step(
        id="stage",
        title="See that the vault holds the new key, and nothing else has changed",
        why="A key that was cut off while copying, or pasted with its line end, is found here and not by CI.",
        instructions=f"""
            `{length_command(profile, profile.pending_key.secret)}` says 36, and the other fields of
            `{profile.secrets.own_title}` and `{profile.secrets.shared_title}` are as they were.
            """,
        checks=(
            PendingHoldsTheNewKey(profile=profile),
            OtherFieldsUnchanged(profile=profile),
            OldKeyStillLives(profile=profile),
        ),
        safe_to_stop="CI works with the old key. Nothing uses the new one.",
        back="there is nothing to take back",
        look_only=True,
        holds="then",
    )


def test(profile: Profile) -> Step:
    """What nobody did before the only stored copy was overwritten."""
    return Step(
        id="test",
        title="Try the new key as a client would",
        why="A key may be taken and still not push: when the groups behind it are missing.",
        instructions=f"""
            With the pending key, at <{profile.registry.url}>: a new tag may be pushed, an existing one may not be
            overwritten, nothing may be deleted. The rows below leave nothing behind.
            """,
        checks=(
            CiMayCreate(profile=profile),
            CiMayNotOverwrite(profile=profile),
            CiMayNotDelete(profile=profile),
            MadeUpKeyMayNothing(profile=profile),
        ),
        safe_to_stop="CI works with the old key. Nothing uses the new one.",
        back="there is nothing to take back",
        look_only=True,
        holds="then",
    )


def promote(profile: Profile) -> Step:
    """The user's point 6."""
    secrets = profile.secrets
    return Step(
        id="promote",
        title="Make the new key the current one in the vault",
        why="CI's copy is made from the shared item. The old key is kept until it is ended: that is the way back.",
        instructions=f"""
            1. In {store_name(profile)}, copy field `{secrets.key_field}` of `{secrets.shared_title}` into field
               `previous` of `{secrets.own_title}`.
            2. Copy `pending` into field `{secrets.key_field}` of `{secrets.shared_title}`. Touch no other field of it.
            3. Empty `pending`. From here on do nothing with the old key: its last use is what tells whether somebody
               else still has it.
            """,
        action=Promote(profile=profile),
        undo=GoBack(profile=profile),
        checks=(
            KeyIsStored(profile=profile),
            PreviousHoldsTheOldKey(profile=profile),
            OldKeyStillLives(profile=profile),
            OtherFieldsUnchanged(profile=profile),
        ),
        safe_to_stop="Both keys work. CI still pushes with the old one.",
        back="`invoke rotate-key --undo promote`",
    )


def propagate(profile: Profile) -> Step:
    """The user's point 7."""
    forge = profile.forge
    copies = ", ".join(map(str, forge.copies))
    return Step(
        id="propagate",
        title="Give CI the new key",
        why="The forge keeps its own copy of the secret; nothing shows whether it is the new one but a push.",
        instructions=give_ci_the_key(profile),
        asks=(
            how_ci_was_given_it(profile),
            *(
                Question(
                    id=COPIES_GIVEN.name,
                    prompt=f"The repositories of {copies} whose secret you have set, blanks between",
                )
                for _ in forge.copies[:1]
            ),
        ),
        action=SyncForgeSecrets(profile=profile),
        undo=GoBack(profile=profile),
        checks=(CiWasGivenTheKey(profile=profile), SecretIsListed(profile=profile)),
        safe_to_stop=f"Both keys work. CI of {forge.owner}/{forge.repo} has the new one; the next step shows it.",
        back="`invoke rotate-key --undo promote`",
        holds="then",
    )


def prove(profile: Profile) -> Step:
    """What the user's page has not."""
    return Step(
        id="prove",
        title="Push by every path with the new key",
        why="Only a tag that was not there before shows that CI has the new key, and can use it.",
        instructions=build_by_every_path(
            profile, then=", and for the list of keys: no `lastUsed` but the new key's may have moved"
        ),
        asks=(built_commit(),),
        action=DispatchBuild(profile=profile),
        checks=(BuildSucceeded(profile=profile), TagsAreNew(profile=profile), OnlyTheNewKeyIsUsed(profile=profile)),
        safe_to_stop="Both keys work.",
        back="`invoke rotate-key --undo promote`; the two tags stay",
        holds="then",
    )


def soak(profile: Profile) -> Step:
    """Patience before the point of no return."""
    minutes = profile.rotation.soak_minutes
    return Step(
        id="soak",
        title="Wait whether anybody still uses the old key",
        why="A consumer that nobody thought of shows itself by using it; once it is ended, that consumer is down.",
        instructions=f"""
            Wait until {minutes:g} minutes have gone since `propagate`, and until no build that was started before it is
            unfinished. Then ask for the list of keys with the new key: the old one's `lastUsed` is older than the
            cut-over. You may leave meanwhile.
            """,
        action=Soak(profile=profile),
        checks=(OldKeyIsQuiet(profile=profile),),
        safe_to_stop="Both keys work. An old key that is forgotten here stays alive until it expires.",
        back="`invoke rotate-key --undo promote`",
        holds="then",
    )


def revoke(profile: Profile) -> Step:
    """What the user's page forgets."""
    return Step(
        id="revoke",
        title="End the old key",
        why="A key that is not ended works for whoever has it, until its last day.",
        instructions=f"""
            <{profile.registry.url}/user/apikey>, signed in as `{profile.ci.name}` (see `create`): delete the key
            {OLD_KEY_LABEL}, whose id is {OLD_KEY_ID}; both were noted in `preflight`. The page says that it went well
            also where nothing happened, so load it again. Sign out, end the impersonation.
            """,
        action=RevokeOldKey(profile=profile),
        checks=(OldKeyIsGone(profile=profile), NoSessionLeft(profile=profile)),
        safe_to_stop="Before it, both keys work. After it only the new one does, and there is no way back.",
        back="there is none: rotate again",
    )


def confirm(profile: Profile) -> Step:
    """The proof that it is dead."""
    return Step(
        id="confirm",
        title="See that the old key is dead",
        why="The first use of the old key since the cut-over, to see that it fails.",
        instructions=f"""
            `curl -su {profile.ci.name} -o /dev/null -w '%{{http_code}}' {profile.registry.url}/v2/` says 401 with the
            key in `previous`, and 200 with the current one.
            """,
        checks=(OldKeyIsRefused(profile=profile),),
        safe_to_stop="The new key works, the old one is ended.",
        back="there is none",
        look_only=True,
        holds="then",
    )


def arm(profile: Profile) -> Step:
    """So that the next rotation is not forgotten."""
    secrets = profile.secrets
    return Step(
        id="arm",
        title="Note when the next rotation is due, and throw the old key away",
        why="Nobody remembers a day in three months; `invoke key-status` reads it here.",
        instructions=f"""
            In {store_name(profile)}, item `{secrets.own_title}`: `expires` is the new key's expirationDate,
            {KEY_EXPIRES}; `due` the day {profile.rotation.due_day} days after it was made; `current-id` its uuid,
            {KEY_ID}. Add the old one's, {OLD_KEY_ID}, to `revoked`, a comma before it. Empty `previous`.
            """,
        action=Arm(profile=profile),
        checks=(DatesAreNoted(profile=profile),),
        safe_to_stop="Everything works; only the dates are missing.",
        back="there is nothing to take back",
    )
