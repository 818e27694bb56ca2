"""Syncs the ArgoCD application that carries the identity provider's blueprint, and waits until it is in force."""

from __future__ import annotations

from datetime import datetime

from zotops.actions.waiting import wait_until
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.argocd import SYNCED_COMMIT, App, last_line, read_app, start_sync
from zotops.systems.authentik import Authentik, open_authentik
from zotops.systems.blueprint_state import read_blueprint_state
from zotops.systems.git import newest_commit
from zotops.world import Finished, World

REFUSED = 1
PRUNING = "require pruning"
BUSY = "another operation is already in progress"


class SyncApp(OfProfile, Action):
    """`argocd app sync`, then patience: for the application, then for the worker, which nobody tells of a new file."""

    def __str__(self) -> str:
        return f"syncs {self.profile.argocd.app} in ArgoCD, and waits until the blueprint is applied"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """The commit that is expected, and when the last operation before ours ended."""
        del facts, attempt
        commit = newest_commit(world, self.profile.argocd.repository, self.profile.argocd.target_revision)
        return {"commit": commit, "finished-before": _text(read_app(world, self.profile).finished)}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: ArgoCD refused, or its operation failed. What is late afterwards is for the checks to say."""
        del facts
        unpruned = _judge(start_sync(world, self.profile), self.profile.argocd.app)
        world.tell("sync", f"succeeded, commit {intent['commit'][:12]}")
        patience = self.profile.argocd.patience
        if unpruned:  # the application stays OutOfSync for that: who waited would wait in vain
            world.tell("not pruned", f"{unpruned}; `argocd app sync {self.profile.argocd.app} --prune` deletes them")
            self._wait_for_blueprint(world)
        elif missing := wait_until(world, "application", lambda: _late(read_app(world, self.profile)), within=patience):
            world.tell("application", f"{missing}; waited {patience:.0f} s")
        else:
            world.tell("application", "healthy")
            self._wait_for_blueprint(world)
        return Outcome(facts={SYNCED_COMMIT: intent["commit"]})

    def _wait_for_blueprint(self, world: World) -> None:
        provider = open_authentik(world, self.profile)

        asked: list[str] = []

        def missing() -> str:
            state = read_blueprint_state(world, self.profile, provider)
            if state.waits and not asked:
                asked.append(self._ask_to_apply(provider))
                world.tell("blueprint", asked[0])
            return "" if state.in_force or state.refused else str(state)

        late = wait_until(world, "blueprint", missing, within=self.profile.argocd.patience)
        world.tell("blueprint", late or "the worker is done with it")

    def _ask_to_apply(self, provider: Authentik) -> str:
        """By itself the worker may look at its files once an hour only. In words what became of it."""
        blueprint = provider.blueprint(self.profile.identity_provider.blueprint.path)
        if blueprint is None:
            return "the provider has no such blueprint yet; its worker finds it by itself"
        try:
            provider.apply_blueprint(blueprint)
        except (ActionFailed, Uncertain) as error:  # whether it is applied all the same, is looked at
            return f"the worker could not be asked to apply it: {error.what}"
        return "the worker is asked to apply it"

    def settle(self, world: World, intent: Intent) -> Settled:
        """An operation of that commit that ended after the intent is ours, or as good as ours."""
        patience = self.profile.argocd.patience
        if wait_until(world, "operation", lambda: _running(read_app(world, self.profile)), within=patience):
            return Settled(
                state=State.CANNOT_TELL, how=f"argocd app get {self.profile.argocd.app}: it is still running"
            )
        app = read_app(world, self.profile)
        ours = _text(app.finished) != intent["finished-before"] and app.synced_revision == intent["commit"]
        if ours and app.phase == "Succeeded":
            return Settled(state=State.HAPPENED, outcome=Outcome(facts={SYNCED_COMMIT: intent["commit"]}))
        return Settled(state=State.DID_NOT)


def _judge(done: Finished, app: str) -> str:
    """What the sync has left to prune, in ArgoCD's words; "" for nothing."""
    if done.code == 0:
        return ""
    said = last_line(done)
    if done.code == REFUSED and PRUNING in said:
        return said
    if done.code == REFUSED:
        raise ActionFailed(f"the sync of {app} failed: {said}", remedy=f"argocd app get {app}")
    if BUSY in said:
        raise ActionFailed(f"somebody else is syncing {app} just now", remedy="wait until that has ended, then again")
    raise Uncertain(f"argocd app sync {app} ended with {done.code}: {said}", remedy=f"argocd app get {app}")


def _late(app: App) -> str:
    """What the application still lacks."""
    if _running(app) or not app.compared_afterwards:
        return "not compared yet since the operation ended"
    return "" if app.health == "Healthy" and app.sync == "Synced" else f"{app.sync}, {app.health}"


def _running(app: App) -> str:
    return "still running" if app.operation_pending or app.phase in {"Running", "Terminating"} else ""


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
