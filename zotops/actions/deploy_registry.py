"""Deploys the registry's configuration so that its restart is not fatal, and takes that back."""

from __future__ import annotations

import json
from typing import Any

from zotops.actions.before_deploying import look_before
from zotops.actions.restarting import make_up_for_lost_restart, wait_for_registry
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile, Profile
from zotops.systems.ansible import play
from zotops.systems.builds import DEPLOYED_AT
from zotops.systems.candidate import REVIEWED_CONFIG, digest_of
from zotops.systems.server import RegistryHost
from zotops.systems.zot import ANONYMOUS, open_zot
from zotops.world import World

# Answers to a probe that leaves nothing: the caller may push, and may not.
UNDERSTOOD = 415
REFUSED = frozenset({401, 403})


def kept_path(profile: Profile, run: str) -> str:
    """Where the configuration from before this run's deployment is kept, beside the one in force."""
    return f"{profile.server.config}.zotops-{run}"


def digest_at(host: RegistryHost, path: str) -> str:
    """SHA-256 of a file on the server; "" when there is none."""
    text = host.read_file(path)
    return "" if text is None else digest_of(text)


class DeployRegistry(OfProfile, Action):
    """Look, keep the old configuration, run the play, wait; and restart the registry if that was lost."""

    def __str__(self) -> str:
        task, tag = self.profile.provisioning.task, self.profile.provisioning.registry_tag
        return f"keeps the old configuration, runs {task} with the tag {tag}, and waits for the registry"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """What is in force now, and which configuration was reviewed."""
        host = self._host(world)
        return {
            "config-before": digest_at(host, self.profile.server.config),
            "process-before": str(host.pid() or ""),
            "kept": kept_path(self.profile, attempt.run),
            "reviewed": facts.get(REVIEWED_CONFIG, ""),
            "begun": world.clock.now().isoformat(timespec="seconds"),
        }

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: nothing was changed. Whether the registry came back well is for the checks to say."""
        del facts
        host = self._host(world)
        try:
            look_before(world, self.profile, reviewed=intent["reviewed"])
        except Unreachable as error:
            raise ActionFailed(f"nothing was changed: {error.what}", remedy=error.remedy) from error
        if intent["config-before"]:
            host.keep_file(self.profile.server.config, intent["kept"])
            world.tell("old configuration", f"kept as {intent['kept']}")
        if trouble := self._play(world, host, intent):
            # No restart here: what failed may be what the new configuration needs.
            left = (f"the play failed after it had written the configuration: {trouble}",)
            return Outcome(left=(*self._kept(intent), *left))
        wait_for_registry(world, self.profile)
        make_up_for_lost_restart(world, self.profile, pid_before=self._missed(host, intent))
        strange = self._unreviewed(world, host, intent)
        return Outcome(facts={DEPLOYED_AT: intent["begun"]}, left=(*self._kept(intent), *strange))

    def _unreviewed(self, world: World, host: RegistryHost, intent: Intent) -> tuple[str, ...]:
        """Whether what lies there now is something else than was reviewed, in words."""
        if intent["reviewed"] in {"", digest_at(host, self.profile.server.config)}:
            return ()
        world.tell("configuration", strange := "is not the reviewed one: a task that no dry run shows changed it")
        return (f"the registry's configuration {strange}",)

    def _play(self, world: World, host: RegistryHost, intent: Intent) -> str:
        """Run it; why it failed although it wrote the configuration, or "". ActionFailed: it wrote nothing."""
        played = play(world, self.profile, self.profile.provisioning.registry_tag)
        trouble = played.trouble(self.profile.provisioning.registry_tasks)
        if trouble and self._missed(host, intent) is None:
            raise ActionFailed(f"the play failed, and the configuration is as before: {trouble}")
        world.tell("play", f"failed, and its restart was dropped: {trouble}" if trouble else "; ".join(played.recap))
        return trouble

    def _kept(self, intent: Intent) -> tuple[str, ...]:
        where = f"{intent['kept']} on {self.profile.server.ssh}"
        return (f"{where}: the configuration from before",) if intent["config-before"] else ()

    def _missed(self, host: RegistryHost, intent: Intent) -> int | None:
        """The process from before, if the configuration is another one since; None if it is the same."""
        if digest_at(host, self.profile.server.config) == intent["config-before"]:
            return None
        return int(intent["process-before"] or 0)

    def settle(self, world: World, intent: Intent) -> Settled:
        """Happened: another configuration lies there, and a process that has read it. All else may be done again."""
        host = self._host(world)
        before = self._missed(host, intent)
        if before is None:
            return Settled(state=State.DID_NOT, leftover="the configuration is as before")
        process, written = host.process(), host.modified(self.profile.server.config)
        if process and written is not None and not process.is_older_than(written, pid_before=before):
            outcome = Outcome(facts={DEPLOYED_AT: intent["begun"]}, left=self._kept(intent))
            return Settled(state=State.HAPPENED, outcome=outcome)
        return Settled(
            state=State.DID_NOT, leftover="the new configuration lies there, but the registry has not read it"
        )

    def _host(self, world: World) -> RegistryHost:
        return RegistryHost(world=world, profile=self.profile)


class RestoreRegistry(OfProfile, Action):
    """The undo of the deployment: the old file by rename, a restart (a rename is not noticed), the old behaviour."""

    def __str__(self) -> str:
        return f"puts the old configuration back on {self.profile.server.ssh}, and restarts the registry"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """What is kept, and what is in force now."""
        del facts
        host, kept = self._host(world), kept_path(self.profile, attempt.run)
        return {"kept": kept, "kept-digest": digest_at(host, kept), "process-before": str(host.pid() or "")}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """The kept file stays until everything is proven, so that this can be repeated after a crash at any moment."""
        del facts
        host, config, kept = self._host(world), self.profile.server.config, intent["kept"]
        old = host.read_file(kept)
        if old is None:
            raise ActionFailed(
                f"nothing was changed: there is no {kept} on {self.profile.server.ssh}",
                remedy="the deployment kept none; put a configuration there by hand, and restart the registry",
            )
        fresh = f"{config}.zotops-new"
        host.copy_file(kept, fresh)
        host.rename(fresh, config)
        world.tell("old configuration", "is back")
        try:
            host.restart()
        except ActionFailed as failed:
            raise Uncertain(f"the old configuration is back, but {failed.what}", remedy=failed.remedy) from failed
        if wrong := wait_for_registry(world, self.profile) or self._unproven(world, old):
            raise Uncertain(f"the old configuration is back, but {wrong}", remedy="read the registry's log")
        try:
            host.remove(kept)
        except ActionFailed as failed:  # it is undone all the same
            return Outcome(left=(f"{kept} on {self.profile.server.ssh}: {failed.what}",))
        return Outcome()

    def _unproven(self, world: World, old: str) -> str:
        """A probe that leaves nothing: may anybody push a new tag, as the old configuration says? "" if so."""
        status = open_zot(world, self.profile).probe_create(self.profile.registry.scratch, ANONYMOUS).status
        is_open = _is_open(old)
        if (status == UNDERSTOOD) if is_open else (status in REFUSED):
            world.tell("old behaviour", f"an anonymous push would be {'taken' if is_open else 'refused'} ({status})")
            return ""
        return f"an anonymous push is answered with {status}"

    def settle(self, world: World, intent: Intent) -> Settled:
        """Happened: the old file lies there, another process runs, and behaves so. All else may be done again."""
        host = self._host(world)
        text, pid = host.read_file(self.profile.server.config), host.pid()
        if text is None or digest_of(text) != intent["kept-digest"] or str(pid or "") in {"", intent["process-before"]}:
            return Settled(state=State.DID_NOT)
        if wrong := self._unproven(world, text):
            return Settled(state=State.CANNOT_TELL, how=f"the old file is back, but {wrong}; read the registry's log")
        return Settled(state=State.HAPPENED)

    def _host(self, world: World) -> RegistryHost:
        return RegistryHost(world=world, profile=self.profile)


def _is_open(text: str) -> bool:
    """Whether a configuration asks nobody who they are."""
    try:
        document: Any = json.loads(text)
        http = document.get("http") or {}
    except (ValueError, AttributeError):
        return False
    return not http.get("auth") and not http.get("accessControl")
