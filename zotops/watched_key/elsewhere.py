"""Judges whether the schedule that looks at the key in the forge still does; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from zotops.watched_key.points import Judged
from zotops.watched_key.status import Level, Point

WATCH = "watch"


def about_the_schedule(judged: Judged) -> Iterator[Point]:
    """One point where the profile names such a schedule.

    A fresh success is one, wherever it stands in the list; that there is none is certain only when all runs were seen.
    """
    workflow, forge, hours = judged.profile.forge.watched_by, judged.seen.forge, judged.profile.rotation.stale_hours
    if not workflow or not forge.kept:
        return
    says = f"the schedule {workflow} ended well within {hours:g} hours"
    if forge.unread:
        yield Point(name=WATCH, says=says, level=Level.UNKNOWN, observed=forge.unread)
        return
    fresh = forge.watched is not None and judged.now - forge.watched <= timedelta(hours=hours)
    seen = f"last on {forge.watched:%Y-%m-%d %H:%M} UTC" if forge.watched else "never"
    if fresh:
        yield Point(name=WATCH, says=says, level=Level.OK, observed=seen)
    elif forge.saw_all:
        yield Point(
            name=WATCH,
            says=says,
            level=Level.WARNING,
            observed=seen,
            likely="it does not run any more, or each of its looks finds something or fails",
            remedy=f"look at its runs: {judged.profile.forge.web_url}/{judged.profile.forge.owner}/"
            f"{judged.profile.forge.repo}/actions?workflow={workflow}",
        )
    else:
        observed = f"{seen}, among the runs that were seen; the forge has more, and lists them in no order"
        yield Point(name=WATCH, says=says, level=Level.UNKNOWN, observed=observed)
