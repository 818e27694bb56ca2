"""Minting a key and keeping it in the vault: one action, whoever it is that asks for the key."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

from zotops.actions.ci_session import preview_claims, session_is_left
from zotops.errors import ActionFailed, Stop, Uncertain, Unreachable
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.key_places import KEY_PRINT, PENDING, PREVIOUS, own_field
from zotops.systems.zot import Caller, Zot, open_zot, with_key
from zotops.systems.zot_keys import (
    KEY_EXPIRES,
    KEY_ID,
    KEY_LABEL,
    Key,
    Minted,
    delete_key,
    has_key_form,
    list_keys,
    listed_with,
    mint_key,
)
from zotops.world import SecretRef, World

# The time in which a request that was cut off may still arrive, in seconds.
LATE = 2.0
OK, NOT_SIGNED_IN = 200, 401


class Minting(OfProfile, Action):
    """Between the key's creation and its being stored nothing stops: both are this one action."""

    @abstractmethod
    def as_ci(self, world: World, facts: Facts, left: list[str]) -> AbstractContextManager[Caller]:
        """Whom the registry takes for the CI user while the key is made; what stays behind is added to `left`."""

    def found(self) -> Facts:
        """What else a key that was made shows."""
        return {}

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """The label to find the key by, the run that made it, and its expiry."""
        del facts
        expires = world.clock.now() + timedelta(days=self.profile.rotation.lifetime_days)
        return {
            "label": attempt.label,
            "run": attempt.run,
            "expires": expires.astimezone(UTC).replace(microsecond=0).isoformat(),
        }

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: there is no new key. Every way out leaves no session."""
        with nothing_made():
            preview_claims(world, self.profile)
        zot, left = open_zot(world, self.profile), list[str]()
        with self.as_ci(world, facts, left) as caller:
            with nothing_made():
                left += self._clear(world, zot, caller, intent["run"])
            minted = self._mint(world, zot, caller, intent)
            self._keep(world, zot, caller, minted, datetime.fromisoformat(intent["expires"]))
        return Outcome(facts=self._facts(world, minted), left=tuple(left))

    def settle(self, world: World, intent: Intent) -> Settled:
        """By the key that is in the pending field, if it carries this label; a key that was not stored is lost.

        Signing out is part of it: with a session left it did not happen, and the next try removes the key and that too.
        """
        world.clock.sleep(LATE)
        label = intent["label"]
        lost = Settled(
            state=State.DID_NOT,
            leftover=f'a key "{label}" of {self.profile.ci.name} may exist; the next try deletes it',
        )
        try:
            key = world.secrets.read(self.profile.pending_key.secret)
            listed = self._kept(world, open_zot(world, self.profile), self.profile.pending_key.secret)
            if listed is None or listed.label != label:
                return lost
            signed_in = session_is_left(world, self.profile)
        except Stop as stop:
            return Settled(state=State.CANNOT_TELL, how=f'{stop}; is a key "{label}" in the pending field?')
        if signed_in:
            left = f'the key "{label}" and a session of {self.profile.ci.name} are left; the next try removes both'
            return Settled(state=State.DID_NOT, leftover=left)
        return Settled(state=State.HAPPENED, outcome=Outcome(facts=self._facts(world, Minted(key=listed, secret=key))))

    def _clear(self, world: World, zot: Zot, caller: Caller, run: str) -> list[str]:
        """Delete what earlier tries of this run left, but no key in use; name one that is about to be replaced.

        ActionFailed: this run's key is in use already. With another one after it nobody would ever end it.
        """
        ours = {key.id for key in list_keys(zot, caller) if key.label.startswith(f"zotops/{run}/")}
        pending = self._kept(world, zot, self.profile.pending_key.secret)
        current = self._kept(world, zot, self.profile.current_key.secret)
        previous = self._kept(world, zot, own_field(self.profile, PREVIOUS))
        if current and current.id in ours:
            raise ActionFailed(
                f"no key was made: this run's own, {current.label}, is in use already",
                remedy="finish this run and begin another, or take back by --undo the step that put it into use",
            )
        in_use = {key.id for key in (current, previous) if key}
        gone = ours - in_use
        self._withdraw(zot, caller, sorted(gone))
        for key_id in sorted(gone):
            world.tell("leftover deleted", f"id ..{key_id[-4:]}, made by this run")
        if pending is None or pending.id in gone | in_use:
            return []
        return [f'the key "{pending.label}" that was pending; nothing uses it']

    def _kept(self, world: World, zot: Zot, ref: SecretRef) -> Key | None:
        """The key in a field, as listed; None when there is none, or the registry refuses it.

        Unreachable: the registry does not say which it is, or whether it works. What is not known may be in use.
        """
        key = world.secrets.read(ref)
        if not has_key_form(key):
            return None
        caller = with_key(self.profile.ci.name, key)
        status = zot.ping(caller).status
        if status == NOT_SIGNED_IN:
            return None
        if status != OK:
            raise Unreachable(f"{zot.url} answered {status} to the key in {ref}, and so does not say whether it works")
        return listed_with(zot, caller).own

    def _mint(self, world: World, zot: Zot, caller: Caller, intent: Intent) -> Minted:
        expires = datetime.fromisoformat(intent["expires"])
        try:
            minted = mint_key(zot, caller, label=intent["label"], expires=expires, register=world.register)
        except (Unreachable, Uncertain) as error:
            # Still signed in: what may have been made can be taken back, so nothing stays uncertain.
            world.clock.sleep(LATE)
            self._withdraw(zot, caller, [key.id for key in list_keys(zot, caller) if key.label == intent["label"]])
            raise ActionFailed(f"no key is left: {error.what}; whatever was made is deleted again") from error
        world.register(with_key(self.profile.ci.name, minted.secret).headers["Authorization"])
        return minted

    def _keep(self, world: World, zot: Zot, caller: Caller, minted: Minted, until: datetime) -> None:
        try:
            world.secrets.write(self.profile.secrets.own_item, {PENDING: minted.secret})
        except ActionFailed as error:
            self._withdraw(zot, caller, [minted.key.id])
            raise ActionFailed(f"the vault did not take the key, so it is deleted again: {error.what}") from error
        # Only now: whoever listens may be gone, and that must not come between a key and its place.
        world.tell("key made", f"{minted.key.label}, id ..{minted.key.id[-4:]}, until {until:%Y-%m-%d}")
        world.tell("pending field", "written to our own item, read back")

    def _withdraw(self, zot: Zot, caller: Caller, ids: Sequence[str]) -> None:
        """Delete keys and see that they are gone: the registry says 200 even when nothing happened."""
        try:
            for key_id in ids:
                delete_key(zot, caller, key_id)
            still = [key.label for key in list_keys(zot, caller) if key.id in ids] if ids else []
        except ActionFailed as error:
            raise Uncertain(error.what, remedy="look at the list of keys") from error
        if still:
            raise Uncertain(f"keys are still listed after they were deleted: {', '.join(still)}")

    def _facts(self, world: World, minted: Minted) -> Facts:
        key: Key = minted.key
        return {
            KEY_ID: key.id,
            KEY_LABEL: key.label,
            KEY_EXPIRES: key.expires.isoformat() if key.expires else "",
            KEY_PRINT: world.secrets.fingerprint(minted.secret),
            **self.found(),
        }


@contextmanager
def nothing_made() -> Iterator[None]:
    """No answer before a key was asked for is no uncertainty."""
    try:
        yield
    except (Unreachable, Uncertain) as error:
        raise ActionFailed(f"no key was made: {error.what}", remedy=error.remedy) from error
