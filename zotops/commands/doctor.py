"""`invoke doctor`: is everything here that the runbooks need? Looks only."""

from __future__ import annotations

import sys

from zotops.commands.opening import open_world
from zotops.commands.operators import screen_for
from zotops.commands.outcomes import outcome
from zotops.errors import CheckFailed, Unreachable
from zotops.looking import counted, look
from zotops.model import Verdict
from zotops.operator import Found
from zotops.profile_file import find_profile, read_profile
from zotops.redaction import Redactor
from zotops.runbooks.deploy import preflight
from zotops.state_folder import state_folder


def doctor(*, profile: str | None) -> int:
    """0: everything is here. 1: something is missing. 5: something could not be asked. Each with its remedy."""

    def command() -> int:
        path = find_profile(profile)
        place, redactor = read_profile(path), Redactor()
        screen = screen_for(place, again="invoke doctor", redact=redactor.redact)
        sys.stdout.write(f"profile {place.name}: {path}\n")
        verdicts = []
        with open_world(place, state_folder(), redactor) as world:
            for check, evidence in look(preflight(place).checks, world, {}):
                screen.show(Found(check=check, evidence=evidence, when="after"))
                allowed = evidence.verdict is Verdict.UNKNOWN and check.unknown_until
                verdicts.append(Verdict.PASSED if allowed else counted(check, evidence))
        if Verdict.FAILED in verdicts:
            return CheckFailed.exit_code
        return Unreachable.exit_code if Verdict.UNKNOWN in verdicts else 0

    return outcome(command)
