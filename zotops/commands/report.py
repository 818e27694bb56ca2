"""`invoke report`: one run as Markdown, ready for the pull request; as JSON; as JUnit."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from zotops import reports
from zotops.asked_files import writing
from zotops.commands.outcomes import outcome
from zotops.profile import Profile
from zotops.profile_file import find_profile, read_profile
from zotops.runbooks import RUNBOOKS
from zotops.runs import Run, find, head_of
from zotops.state_folder import state_folder


def report(*, profile: str | None, run: str | None, json: bool, junit: str | None, output: str | None) -> int:
    """Print or write the report of a run, the newest by default."""

    def command() -> int:
        registry = "" if run else read_profile(find_profile(profile)).registry.url
        found = find(state_folder(), run, registry)
        text = reports.as_json(reported(found)) if json else markdown_of(found)
        if junit:
            reports.write_junit(reported(found), Path(junit))
        if output:
            with writing(Path(output)):
                Path(output).write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)
        return 0

    return outcome(command)


def markdown_of(run: Run) -> str:
    """The run's report as Markdown."""
    return reports.markdown(reported(run))


def reported(run: Run) -> reports.Reported:
    """The run with the runbook as it is for the profile that the run was made with, or went on with."""
    profile = msgspec.convert((run.now.accepted or run.now.header)["profile_content"], Profile)
    return reports.Reported(runbook=RUNBOOKS[run.runbook](profile), records=run.records, head=head_of(run))
