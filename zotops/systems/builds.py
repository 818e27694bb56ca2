"""What CI makes of a commit: version, tags, and which commits have not been built yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from zotops.errors import Unreachable
from zotops.model import Fact, Facts
from zotops.profile import Profile
from zotops.systems.forgejo import Forgejo, Run
from zotops.systems.rotation import CUT_OVER_BUILDS, NONE
from zotops.systems.zot import names_in, open_zot
from zotops.world import World

# When CI began to be refused: builds that failed since then may have failed for that reason alone.
DEPLOYED_AT = Fact("deployed-at")
# Found by the building action, or asked for: the commit that was built, by its full id.
BUILD_COMMIT = Fact("build-commit")
# The runs that build it: "<workflow file>=<run id>", separated by blanks.
BUILD_RUNS = Fact("build-runs")
# A commit of which only some builds were started before a run was cut off: "<commit> <workflow file>=<run id> …".
HALF_STARTED = Fact("half-started")
# The newest commits that had no tag before anything was built, by their full ids, separated by blanks.
COMMITS_TO_BUILD = Fact("commits-to-build")

SHORT = 7
OK, NOT_FOUND = 200, 404


@dataclass(frozen=True, kw_only=True)
class Buildable:
    """A commit, and the tags that building it makes: one for each workflow, in their order."""

    commit: str
    tags: tuple[str, ...]


def unfinished(forge: Forgejo) -> str:
    """The runs that have not ended, as CUT_OVER_BUILDS says it. Numbers alone do not tell: the list has no order."""
    return " ".join(str(number) for number in sorted({run.id for run in forge.pending()})) or NONE


def from_before(forge: Forgejo, facts: Facts) -> tuple[Run, ...]:
    """The runs that had not ended at the cut-over, and have not yet."""
    noted = facts.get(CUT_OVER_BUILDS, "").split()
    return tuple(run for run in forge.pending() if str(run.id) in noted)


def image_of(profile: Profile) -> str:
    """The repository of the registry that the test build pushes to."""
    return f"{profile.registry.namespace}/{profile.build.container}"


def tags_of(world: World, profile: Profile, commit: str) -> tuple[str, ...] | None:
    """`v<version>-<first 7 of the commit>` and each workflow's suffix; None when the commit has no version to read."""
    return _tags(Forgejo(world=world, profile=profile), commit)


def _tags(forge: Forgejo, commit: str) -> tuple[str, ...] | None:
    profile = forge.profile
    text = forge.file(profile.build.version_file, commit)
    found = re.search(profile.build.version_pattern, text or "")
    if found is None:
        return None
    return tuple(f"v{found[1]}-{commit[:SHORT]}{workflow.suffix}" for workflow in profile.forge.workflows)


def existing_tags(world: World, profile: Profile) -> frozenset[str]:
    """The image's tags now, as nobody sees them; none at all before its first push."""
    reply = open_zot(world, profile).tags(image_of(profile))
    if reply.status == NOT_FOUND:
        return frozenset()
    if reply.status != OK:
        raise Unreachable(f"{reply.url} answered {reply.status}", remedy="may anybody read there?")
    return frozenset(names_in(reply, "tags"))


def buildable(world: World, profile: Profile) -> Iterator[Buildable]:
    """The commits of the branch of which no tag exists, newest first."""
    existing = existing_tags(world, profile)
    forge = Forgejo(world=world, profile=profile)
    for commit in forge.commits(profile.forge.branch):
        tags = _tags(forge, commit)
        if tags and not existing & set(tags):
            yield Buildable(commit=commit, tags=tags)


def failed_since(world: World, profile: Profile, moment: str) -> tuple[Run, ...]:
    """The runs of the push paths that were made since then (ISO 8601) and failed, newest first."""
    files, since = {workflow.file for workflow in profile.forge.workflows}, datetime.fromisoformat(moment)
    return tuple(
        run
        for run in Forgejo(world=world, profile=profile).failed()
        if run.workflow in files and datetime.fromisoformat(run.created) >= since
    )
