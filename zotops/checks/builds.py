"""Did CI build and push the test container with its key, by every push path?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from zotops.checks.asking import AsksForge
from zotops.model import Evidence, Facts, Look, Otherwise, judged, not_yet, unknown
from zotops.systems.builds import (
    BUILD_COMMIT,
    BUILD_RUNS,
    COMMITS_TO_BUILD,
    buildable,
    existing_tags,
    image_of,
    tags_of,
)
from zotops.systems.forgejo import Forgejo, Run
from zotops.world import World

SUGGESTED = 3


class BuildSucceeded(AsksForge):
    """Every workflow's run, told by what it was started with, has succeeded; that alone does not prove a push."""

    def __str__(self) -> str:
        return f"CI's {len(self.profile.forge.workflows)} builds of the commit succeeded"

    @property
    def look(self) -> Look:
        """The forge's own page."""
        forge = self.profile.forge
        return Look(
            command=f"{forge.web_url}/{forge.owner}/{forge.repo}/actions",
            want=f"a green run each of {' and '.join(workflow.file for workflow in forge.workflows)}",
            otherwise=(
                Otherwise(answer="waiting", means="no runner with that label is online"),
                Otherwise(answer="red: unauthorized", means="CI's secret is not the key", fault="empty-ci-secret"),
                Otherwise(
                    answer="red: denied",
                    means="the tag exists already, or the rights are missing",
                    fault="ci-may-not-push",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """UNKNOWN while a run has not ended."""
        expected = f"{len(self.profile.forge.workflows)} runs, each with success"
        commit = facts.get(BUILD_COMMIT)
        if commit is None:
            return not_yet(expected, BUILD_COMMIT)
        runs = self._runs(world, commit, facts.get(BUILD_RUNS, ""))
        observed = "; ".join(f"{file}: {_told(run)}" for file, run in runs.items())
        pending = [run for run in runs.values() if run and run.pending]
        if pending:
            remedy = "look again later; a run that stays `waiting` finds no runner with its label"
            return unknown(expected=expected, observed=observed, remedy=remedy)
        return judged(
            all(run is not None and run.status == "success" for run in runs.values()),
            expected=expected,
            observed=observed,
            likely=_likely(tuple(runs.values())),
            remedy="open the run's log; sync the secrets again, and build a commit that was never built (its full id)",
        )

    def _runs(self, world: World, commit: str, known: str) -> dict[str, Run | None]:
        """Each workflow's run: by its id if that is known, else the newest that was started for the commit."""
        forge = Forgejo(world=world, profile=self.profile)
        ids = dict(pair.rpartition("=")[::2] for pair in known.split())
        inputs = {"container": self.profile.build.container, "ref": commit}
        return {
            workflow.file: forge.run(int(ids[workflow.file]))
            if workflow.file in ids
            else next(iter(forge.dispatched(workflow.file, inputs)), None)
            for workflow in self.profile.forge.workflows
        }


def _likely(runs: Sequence[Run | None]) -> str:
    ended = [run.status for run in runs if run]
    if len(ended) < len(runs):
        return "it was started for something else: a branch name, or another commit"
    if "success" in ended:
        return "that workflow pushes without the key, or its tag exists already, which CI may not overwrite"
    return "the forge's copy of the key is not the key; or the tags exist already, which CI may not overwrite"


def _told(run: Run | None) -> str:
    return f"run {run.number} {run.status}" if run else "no run was started for that commit"


class TagsAreNew(AsksForge):
    """Both tags are in the registry now and were not before: a green run may have pushed nothing at all."""

    def __str__(self) -> str:
        return f"the builds' {len(self.profile.forge.workflows)} tags are in the registry, and were not before"

    @property
    def look(self) -> Look:
        """Before and after the build."""
        suffixes = " and ".join(f"v<version>-<7 digits>{w.suffix}" for w in self.profile.forge.workflows)
        return Look(
            command=f"curl -s {self.profile.registry.url}/v2/{image_of(self.profile)}/tags/list",
            want=f"{suffixes}, which were not there before",
            otherwise=(
                Otherwise(
                    answer="green, but no tag",
                    means="the workflow skipped the build, or pushed elsewhere",
                    fault="green-but-pushed-nothing",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Before anything is built: FAILED, with the commits that can be built as a fact."""
        expected = f"{len(self.profile.forge.workflows)} new tags in {image_of(self.profile)}"
        commit = facts.get(BUILD_COMMIT)
        if commit is None:
            offered = " ".join(each.commit for each in islice(buildable(world, self.profile), SUGGESTED))
            evidence = not_yet(expected, BUILD_COMMIT)
            return Evidence(
                verdict=evidence.verdict,
                expected=evidence.expected,
                observed=evidence.observed,
                facts={COMMITS_TO_BUILD: offered} if offered else {},
            )
        tags = tags_of(world, self.profile, commit)
        if tags is None:
            return judged(
                False,
                expected=expected,
                observed=f"{commit} has no version in {self.profile.build.version_file}",
                likely="that is another repository's commit",
                remedy="build a commit of the branch",
            )
        existing = existing_tags(world, self.profile)
        if set(tags) <= existing and commit not in facts.get(COMMITS_TO_BUILD, "").split():
            observed = f"{' and '.join(tags)} are there; nobody saw that they were not before"
            remedy = "build one of the commits that were offered, or one that is newer"
            return unknown(expected=expected, observed=observed, remedy=remedy)
        missing = [tag for tag in tags if tag not in existing]
        return judged(
            not missing,
            expected=expected,
            observed=f"not there: {', '.join(missing)}" if missing else f"{' and '.join(tags)}, absent before",
            likely="the run was green because it skipped build and push, or it pushed elsewhere: under the name of a "
            "branch, if one was built",
            remedy=f"open the run's log; is there a {self.profile.build.container} to build in that commit?",
        )
