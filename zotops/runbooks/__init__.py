"""The procedures, one file each; each is loaded when it is asked for: together they take a tenth of a start."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zotops.model import Runbook
from zotops.profile import Profile


def _deploy(profile: Profile) -> Runbook:
    from zotops.runbooks import deploy

    return deploy.runbook(profile)


def _rotate_key(profile: Profile) -> Runbook:
    from zotops.runbooks import rotate_key

    return rotate_key.runbook(profile)


def _rotate_leaked_key(profile: Profile) -> Runbook:
    from zotops.runbooks import rotate_leaked_key

    return rotate_leaked_key.runbook(profile)


RUNBOOKS: Mapping[str, Callable[[Profile], Runbook]] = {
    "deploy": _deploy,
    "rotate-key": _rotate_key,
    "rotate-leaked-key": _rotate_leaked_key,
}
# How a runbook is called where its name is not the command's.
CALLED = {"rotate-leaked-key": "rotate-key --leaked"}
