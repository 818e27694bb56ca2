"""Gives CI the key: runs the role that copies the vault's values into the forge's Actions secrets."""

from __future__ import annotations

from zotops.errors import ActionFailed, Unreachable
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import Copy, OfProfile
from zotops.systems.ansible import play
from zotops.systems.builds import DEPLOYED_AT, failed_since
from zotops.systems.forgejo import Forgejo
from zotops.systems.key_places import trouble_with
from zotops.systems.rotation import BY_API, COPIES_GIVEN, GIVEN
from zotops.world import Secret, World


class SyncForgeSecrets(OfProfile, Action):
    """A rotated value shows as `ok`, not as `changed`: that the play ran is all that its output can say."""

    def __str__(self) -> str:
        forge, provisioning = self.profile.forge, self.profile.provisioning
        by_role = f"runs {provisioning.task} with the tag {provisioning.secrets_tag}"
        first = by_role if forge.given_by == "role" else f"sets {forge.secret} of {forge.owner}/{forge.repo}"
        copies = ", ".join(map(str, forge.copies))
        return f"{first}; sets the secrets of {copies} by the forge's API" if copies else first

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """Which copy of the key is about to be given away."""
        del facts, attempt
        return {"key": world.secrets.fingerprint(world.secrets.read(self.profile.current_key.secret))}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: what is stored is no key, the play failed, or the forge refused; it may be run again."""
        del intent
        key = world.secrets.read(self.profile.current_key.secret)
        # The forge keeps a value byte for byte: a line end stays, and breaks every push.
        if trouble := trouble_with(key):
            raise ActionFailed(
                f"{self.profile.current_key.secret} holds no key: {trouble}", remedy="store the key first"
            )
        forge = Forgejo(world=world, profile=self.profile)
        given = self._by_role(world) if self.profile.forge.given_by == "role" else self._by_api(world, forge, key)
        copies = [self._copy(world, forge, key, copy) for copy in self.profile.forge.copies]
        found = {GIVEN: given, **({COPIES_GIVEN: " ".join(copies)} if copies else {})}
        return Outcome(facts=found, left=self._failed_meanwhile(world, facts))

    def _by_role(self, world: World) -> str:
        """What the play printed for its host at its end."""
        provisioning = self.profile.provisioning
        played = play(world, self.profile, provisioning.secrets_tag)
        if failed := played.trouble(provisioning.secrets_tasks):
            raise ActionFailed(
                f"the play failed: {failed}",
                remedy="one value missing in the vault stops all of it; correct the cause, then again",
            )
        world.tell("recap", "; ".join(played.recap))
        return "; ".join(played.recap)

    def _by_api(self, world: World, forge: Forgejo, key: Secret) -> str:
        status = forge.put_secret(self.profile.forge.secret, key)
        world.tell(
            f"{self.profile.forge.owner}/{self.profile.forge.repo}", f"{self.profile.forge.secret} set: {status}"
        )
        return BY_API

    def _copy(self, world: World, forge: Forgejo, key: Secret, copy: Copy) -> str:
        """Each is told as soon as it has the key: a stop between two is seen in what was told."""
        world.tell(str(copy), f"{copy.secret} set: {forge.put_secret(copy.secret, key, copy)}")
        return str(copy)

    def _failed_meanwhile(self, world: World, facts: Facts) -> tuple[str, ...]:
        """The builds that were refused between the registry's deployment and now; somebody has to start them again."""
        if DEPLOYED_AT not in facts:
            return ()
        try:
            failed = failed_since(world, self.profile, facts[DEPLOYED_AT])
        except Unreachable as unread:  # the secrets are there; this is only for whoever starts the builds again
            world.tell("failed meanwhile", f"not told: {unread.what}")
            return (f"builds that failed while CI was refused, if any: {unread.what}",)
        world.tell("failed meanwhile", ", ".join(f"run {run.number}" for run in failed) or "no build")
        return tuple(f"run {run.number} ({run.workflow}) failed while CI was refused: {run.address}" for run in failed)

    def settle(self, world: World, intent: Intent) -> Settled:
        """Nothing shows whether the forge has the new value; the same play again does no harm."""
        del world, intent
        return Settled(state=State.DID_NOT, leftover="the forge may have the key already; it gets it again")
