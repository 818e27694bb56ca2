"""Builds and pushes the test container by every push path, from a commit that was never built."""

from __future__ import annotations

from collections.abc import Mapping

from zotops.actions.waiting import wait_until
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Action, Attempt, Facts, Intent, Outcome, Settled, State
from zotops.profile import OfProfile
from zotops.systems.builds import BUILD_COMMIT, BUILD_RUNS, COMMITS_TO_BUILD, HALF_STARTED, buildable, tags_of
from zotops.systems.forgejo import DispatchRefusedError, Forgejo, Run
from zotops.world import World

# The time in which a dispatch that was cut off may still show, in seconds.
LATE = 5.0


class DispatchBuild(OfProfile, Action):
    """A dispatch is never repeated: after a break the run is looked for by what it was started with."""

    def __str__(self) -> str:
        files = " and ".join(workflow.file for workflow in self.profile.forge.workflows)
        return f"starts {files} for the newest commit without a tag, by its full id, and waits"

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """The commit, its tags, for each workflow the newest run that had the same inputs; and what runs already."""
        del attempt
        if half := facts.get(HALF_STARTED):
            return self._rest(world, half)
        chosen = next(buildable(world, self.profile), None)
        if chosen is None:
            raise ActionFailed(
                f"the newest commits of {self.profile.forge.branch} all have tags, or no version",
                remedy=f"push a commit that touches {self.profile.build.container}, then again",
            )
        world.tell("commit", f"{chosen.commit}: makes {' and '.join(chosen.tags)}")
        files = [workflow.file for workflow in self.profile.forge.workflows]
        before = {f"before-{file}": str(_newest(self._runs(world, file, chosen.commit))) for file in files}
        return {"commit": chosen.commit, "tags": " ".join(chosen.tags), "started": "", **before}

    def _rest(self, world: World, half: str) -> Intent:
        """What a try that was cut off has left to start; its commit is taken, tags or not."""
        commit, _, started = half.partition(" ")
        world.tell("commit", f"{commit}, of which a try that was cut off has started {started}")
        files = [workflow.file for workflow in self.profile.forge.workflows]
        before = {f"before-{file}": str(_newest(self._runs(world, file, commit))) for file in files}
        tags = " ".join(tags_of(world, self.profile, commit) or ())
        return {"commit": commit, "tags": tags, "started": started, **before}

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed: the forge refused. What the builds end with is for the checks to judge."""
        del facts
        started = _ids(intent.get("started", ""))
        for workflow in self.profile.forge.workflows:
            if workflow.file in started:
                continue
            try:
                started[workflow.file] = self._start(world, workflow.file, intent)
            except ActionFailed as failed:
                if not started:
                    raise
                raise Uncertain(
                    f"only {', '.join(started)} was started: {failed.what}", remedy=failed.remedy
                ) from failed
            world.tell(workflow.file, f"started, run {started[workflow.file]}")
        return self._wait(world, intent, started)

    def _start(self, world: World, file: str, intent: Intent) -> int:
        forge = Forgejo(world=world, profile=self.profile)
        try:
            run_id = forge.dispatch(file, self._inputs(intent["commit"]))
        except DispatchRefusedError as error:
            raise ActionFailed(
                f"the forge did not start {file}: {error}",
                remedy=f"500 means that there is no such file on {self.profile.forge.branch}; is Actions on?",
            ) from error
        if run_id is not None:
            return run_id
        wait_until(world, file, lambda: "" if self._new_run(world, file, intent) else "no run to be seen", within=LATE)
        run = self._new_run(world, file, intent)
        if run is None:
            raise Uncertain(
                f"{file} was started, but its run cannot be found", remedy="look at the forge's Actions page"
            )
        return run.id

    def _wait(self, world: World, intent: Intent, started: Mapping[str, int]) -> Outcome:
        """Until all have ended, or time is up; how they ended is for the checks."""
        forge = Forgejo(world=world, profile=self.profile)

        def unfinished() -> str:
            runs = [forge.run(run_id) for run_id in started.values()]
            return ", ".join(f"{run.workflow} {run.status}" for run in runs) if any(r.pending for r in runs) else ""

        late = wait_until(world, "builds", unfinished, within=self.profile.build.patience, every=5.0)
        world.tell("builds", f"{late} after {self.profile.build.patience:.0f} s" if late else "ended")
        ids = " ".join(f"{file}={run_id}" for file, run_id in started.items())
        found = {BUILD_COMMIT: intent["commit"], BUILD_RUNS: ids, COMMITS_TO_BUILD: intent["commit"], HALF_STARTED: ""}
        return Outcome(facts=found, left=tuple(f"the tag {tag}" for tag in intent["tags"].split()))

    def settle(self, world: World, intent: Intent) -> Settled:
        """By the runs' payload. With only some of them started, the next try starts the others for the same commit."""
        world.clock.sleep(LATE)
        found = {w.file: self._new_run(world, w.file, intent) for w in self.profile.forge.workflows}
        started = _ids(intent.get("started", "")) | {file: run.id for file, run in found.items() if run}
        if len(started) == len(found):
            return Settled(state=State.HAPPENED, outcome=self._wait(world, intent, started))
        if not started:
            return Settled(state=State.DID_NOT)
        ids = " ".join(f"{file}={run_id}" for file, run_id in started.items())
        half = Outcome(facts={HALF_STARTED: f"{intent['commit']} {ids}"})
        return Settled(state=State.DID_NOT, outcome=half, leftover=f"started: {ids}; the next try starts the rest")

    def _new_run(self, world: World, file: str, intent: Intent) -> Run | None:
        """The newest run of that workflow with our inputs that was not there before."""
        runs = self._runs(world, file, intent["commit"])
        return next((run for run in runs if run.id > int(intent[f"before-{file}"])), None)

    def _runs(self, world: World, file: str, commit: str) -> tuple[Run, ...]:
        return Forgejo(world=world, profile=self.profile).dispatched(file, self._inputs(commit))

    def _inputs(self, commit: str) -> Mapping[str, str]:
        """The full id: its first seven digits go into the tag as they are."""
        return {"container": self.profile.build.container, "ref": commit}


def _ids(text: str) -> dict[str, int]:
    """Run ids by workflow file, from `file=id file=id`."""
    return {file: int(run_id) for file, _, run_id in (pair.rpartition("=") for pair in text.split())}


def _newest(runs: tuple[Run, ...]) -> int:
    return max((run.id for run in runs), default=0)
