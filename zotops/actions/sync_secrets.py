"""Gives CI the key: runs the role that copies the vault's values into the forge's Actions secrets."""

from __future__ import annotations

from zotops.errors import ActionFailed
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State, World
from zotops.profile import OfProfile
from zotops.systems.ansible import play
from zotops.systems.builds import DEPLOYED_AT, failed_since
from zotops.systems.key_places import trouble_with
from zotops.systems.rotation import GIVEN


class SyncForgeSecrets(OfProfile, Action):
    """A rotated value shows as `ok`, not as `changed`: that the play ran is all that its output can say."""

    def __str__(self) -> str:
        return f"runs {self.profile.provisioning.task} with the tag {self.profile.provisioning.secrets_tag}"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """Which copy of the key is about to be given away."""
        del facts, attempt
        return {"key": world.secrets.fingerprint(world.secrets.read(self.profile.current_key.secret))}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: what is stored is no key, or the play failed; it may be run again."""
        del intent
        # The forge keeps a value byte for byte: a line end stays, and breaks every push.
        if trouble := trouble_with(world.secrets.read(self.profile.current_key.secret)):
            raise ActionFailed(
                f"{self.profile.current_key.secret} holds no key: {trouble}", remedy="store the key first"
            )
        provisioning = self.profile.provisioning
        played = play(world, self.profile, provisioning.secrets_tag)
        if failed := played.trouble(provisioning.secrets_tasks):
            raise ActionFailed(
                f"the play failed: {failed}",
                remedy="one value missing in the vault stops all of it; correct the cause, then again",
            )
        world.tell("recap", "; ".join(played.recap))
        return Outcome(facts={GIVEN: "; ".join(played.recap)}, left=self._failed_meanwhile(world, facts))

    def _failed_meanwhile(self, world: World, facts: Facts) -> tuple[str, ...]:
        """The builds that were refused between the registry's deployment and now; somebody has to start them again."""
        if DEPLOYED_AT not in facts:
            return ()
        failed = failed_since(world, self.profile, facts[DEPLOYED_AT])
        world.tell("failed meanwhile", ", ".join(f"run {run.number}" for run in failed) or "no build")
        return tuple(f"run {run.number} ({run.workflow}) failed while CI was refused: {run.address}" for run in failed)

    def settle(self, world: World, intent: Intent) -> Settled:
        """Nothing shows whether the forge has the new value; the same play again does no harm."""
        del world, intent
        return Settled(state=State.DID_NOT, leftover="the forge may have the key already; it gets it again")
