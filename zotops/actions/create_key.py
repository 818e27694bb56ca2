"""Make CI's key: sign in as the CI user, mint, keep it in the vault, and leave no trace of the sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from zotops.errors import ActionFailed, Stop, Uncertain, Unreachable
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State, World
from zotops.profile import Profile, parse_ref
from zotops.systems.authentik import Authentik, open_authentik
from zotops.systems.authentik_claims import claimed_groups
from zotops.systems.browser import Browser
from zotops.systems.key_places import KEY_PRINT, PENDING, PREVIOUS, own_field
from zotops.systems.sign_in import (
    Answers,
    make_recovery_key,
    sign_in_at_registry,
    use_recovery_key,
    who_is_signed_in,
)
from zotops.systems.zot import Caller, Zot, open_zot, with_key
from zotops.systems.zot_keys import (
    KEY_EXPIRES,
    KEY_ID,
    KEY_LABEL,
    Key,
    Minted,
    delete_key,
    has_key_form,
    just_used,
    list_keys,
    mint_key,
)
from zotops.systems.zot_login import SIGNED_IN_AND_BACK, by_session, end_login

# The time in which a request that was cut off may still arrive, in seconds.
LATE = 2.0
OK = 200


@dataclass(frozen=True, kw_only=True)
class CreateCiKey(Action):
    """Between the key's creation and its being stored nothing stops: both are this one action."""

    profile: Profile

    def __str__(self) -> str:
        return (
            f"signs in as {self.profile.ci.name}, makes one key for {self.profile.rotation.lifetime_days} days, "
            "puts it into the vault's pending field, signs out"
        )

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
        """ActionFailed: there is no new key. Every way out signs out again."""
        del facts
        browser = Browser(http=world.http, register=world.register)
        left: list[str] = []
        try:
            caller = self._sign_in(world, browser)
            zot = open_zot(world, self.profile)
            self._clear(world, zot, caller, intent["run"])
            minted = self._mint(world, zot, caller, intent)
            self._keep(world, zot, caller, minted)
        finally:
            left += self._leave(world, browser)
        return Outcome(facts=self._facts(world, minted), left=tuple(left))

    def settle(self, world: World, intent: Intent) -> Settled:
        """By the key that is in the pending field, if it carries this label; a key that was not stored is lost."""
        world.clock.sleep(LATE)
        label = intent["label"]
        lost = Settled(
            state=State.DID_NOT,
            leftover=f'a key "{label}" of {self.profile.ci.name} may exist; the next try deletes it',
        )
        try:
            key = world.secrets.read(self.profile.pending_key.secret)
            if not has_key_form(key):
                return lost
            zot = open_zot(world, self.profile)
            caller = with_key(self.profile.ci.name, key)
            if zot.ping(caller).status != OK:
                return lost
            listed = just_used(list_keys(zot, caller))
        except Stop as stop:
            return Settled(state=State.CANNOT_TELL, how=f'{stop}; is a key "{label}" in the pending field?')
        if listed is None or listed.label != label:
            return lost
        return Settled(state=State.HAPPENED, outcome=Outcome(facts=self._facts(world, Minted(key=listed, secret=key))))

    def _sign_in(self, world: World, browser: Browser) -> Caller:
        """A session at the registry as the CI user, whose claims were looked at before. ActionFailed otherwise."""
        try:
            self._preview(world)
            answers = self._at_the_provider(world, browser)
            sign_in_at_registry(browser, self.profile, answers)
        except Unreachable as error:
            raise ActionFailed(f"no key was made: {error.what}", remedy=error.remedy) from error
        world.tell(f"signed in as {self.profile.ci.name}", "at the identity provider and at the registry")
        return by_session(browser, self.profile)

    def _preview(self, world: World) -> None:
        """One sign-in without the group takes the right from all old keys at once: refuse before it happens."""
        groups = claimed_groups(open_authentik(world, self.profile), self.profile)
        wanted = self.profile.tiers.ci.group
        if groups != {wanted}:
            would = ", ".join(sorted(groups)) or "no group"
            raise ActionFailed(
                f"{self.profile.ci.name} would sign in with {would}, not with {wanted}",
                remedy="nobody signed in, no key was touched; correct the groups at the identity provider first",
            )
        world.tell("claims previewed", f"groups: {wanted} (the CI tier)")

    def _at_the_provider(self, world: World, browser: Browser) -> Answers:
        name = self.profile.ci.name
        if self.profile.ci.sign_in == "password":
            return Answers(user=name, password=world.secrets.read(parse_ref(self.profile.ci.password)))
        link = make_recovery_key(world.programs, self.profile)
        world.register(link)
        use_recovery_key(browser, self.profile, link)
        me = who_is_signed_in(browser, self.profile)
        if me != name:
            raise ActionFailed(f"the recovery key signed in {me or 'nobody'}, not {name}")
        world.tell("recovery key", "made in the worker, used once, now gone")
        return Answers(user=name)

    def _clear(self, world: World, zot: Zot, caller: Caller, run: str) -> None:
        """Delete what earlier tries of this run left; a key that is in use is never among it."""
        ours = [key for key in list_keys(zot, caller) if key.label.startswith(f"zotops/{run}/")]
        in_use = self._in_use(world, zot) if ours else set()
        gone = [key for key in ours if key.id not in in_use]
        for key in gone:
            delete_key(zot, caller, key.id)
            world.tell("leftover deleted", f'"{key.label}", id ..{key.id[-4:]}')

    def _in_use(self, world: World, zot: Zot) -> set[str]:
        found: set[str] = set()
        for ref in (self.profile.current_key.secret, own_field(self.profile, PREVIOUS)):
            key = world.secrets.read(ref)
            if has_key_form(key):
                caller = with_key(self.profile.ci.name, key)
                listed = just_used(list_keys(zot, caller)) if zot.ping(caller).status == OK else None
                found |= {listed.id} if listed else set()
        return found

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
        key = minted.key
        world.tell("key made", f"{key.label}, id ..{key.id[-4:]}, until {expires:%Y-%m-%d}")
        return minted

    def _keep(self, world: World, zot: Zot, caller: Caller, minted: Minted) -> None:
        try:
            world.secrets.write(self.profile.secrets.own_item, {PENDING: minted.secret})
        except ActionFailed as error:
            self._withdraw(zot, caller, [minted.key.id])
            raise ActionFailed(f"the vault did not take the key, so it is deleted again: {error.what}") from error
        world.tell("pending field", "written to our own item, read back")

    def _withdraw(self, zot: Zot, caller: Caller, ids: list[str]) -> None:
        """Delete keys and see that they are gone: the registry says 200 even when nothing happened."""
        for key_id in ids:
            delete_key(zot, caller, key_id)
        if still := [key.label for key in list_keys(zot, caller) if key.id in ids]:
            raise Uncertain(f"keys are still listed after they were deleted: {', '.join(still)}")

    def _leave(self, world: World, browser: Browser) -> list[str]:
        """Sign out at the registry, end the user's sessions and unused recovery keys at the provider; what is left."""
        try:
            end_login(browser, self.profile)
            self._forget(open_authentik(world, self.profile))
        except Stop as stop:
            left = f"a session of {self.profile.ci.name} may be left: {stop.what}"
            world.tell("signed out", f"no: {stop.what}")
            return [left]
        world.tell("signed out", "at the registry and at the identity provider")
        return []

    def _forget(self, authentik: Authentik) -> None:
        user = authentik.user(self.profile.ci.name)
        if user is None:
            return
        for session in authentik.sessions(user):
            authentik.end_session(session)
        for token in authentik.recovery_tokens(user) or ():
            authentik.remove_token(token)

    def _facts(self, world: World, minted: Minted) -> Facts:
        key: Key = minted.key
        return {
            KEY_ID: key.id,
            KEY_LABEL: key.label,
            KEY_EXPIRES: key.expires.isoformat() if key.expires else "",
            KEY_PRINT: world.secrets.fingerprint(minted.secret),
            SIGNED_IN_AND_BACK: self.profile.ci.name,
        }
