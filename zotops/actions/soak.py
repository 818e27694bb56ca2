"""Waits until nothing that started before the cut-over can use the old key any more."""

from __future__ import annotations

from datetime import timedelta

from zotops.actions.waiting import wait_until
from zotops.errors import ActionFailed
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.builds import from_before
from zotops.systems.forgejo import Forgejo
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import CUT_OVER_AT, LAST_USES, last_uses, listed_by_new, new_key, soak_left
from zotops.world import World


class Soak(OfProfile, Action):
    """It may be left and taken up again: the time goes on meanwhile."""

    def __str__(self) -> str:
        return (
            f"waits until {self.profile.rotation.soak_minutes:g} minutes are over since the cut-over and no build of "
            "before is unfinished"
        )

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """From when on the time is counted. ActionFailed when that is not known: `propagate` was skipped."""
        del world, attempt
        if CUT_OVER_AT not in facts:
            raise ActionFailed("when CI was given the new key is not known", remedy="--step propagate finds it out")
        return {"since": facts[CUT_OVER_AT]}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """A build from before the cut-over may end with the old key: then the time is counted from its end."""
        del intent
        minutes = self.profile.rotation.soak_minutes
        noted = self._after_builds(world, facts)
        since = {**facts, **noted}
        while (left := soak_left(world.clock.now(), since, minutes)) > timedelta(0):
            world.tell(
                "the old key stays quiet", f"{left.total_seconds() / 60:.1f} min to go; it may be left and resumed"
            )
            world.clock.sleep(min(30.0, left.total_seconds()))
        return Outcome(facts=noted)

    def _after_builds(self, world: World, facts: Facts) -> Facts:
        """New notes of the last uses when a build from before was waited for; else none."""
        forge = Forgejo(world=world, profile=self.profile)

        def left() -> str:
            return ", ".join(f"run {run.number} {run.status}" for run in from_before(forge, facts))

        if not left():
            return {}
        wait_until(world, "builds from before", left, within=self.profile.build.patience, every=5.0)
        key = new_key(world, self.profile, facts, KEY_PRINT)
        if key is None:
            return {}
        now = world.clock.now().isoformat(timespec="seconds")
        return {LAST_USES: last_uses(listed_by_new(world, self.profile, key).keys), CUT_OVER_AT: now}

    def settle(self, world: World, intent: Intent) -> Settled:
        """Waiting changes nothing: wait on."""
        del world, intent
        return Settled(state=State.DID_NOT)
