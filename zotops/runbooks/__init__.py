"""The procedures, one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zotops.model import Runbook
from zotops.profile import Profile
from zotops.runbooks import deploy, rotate_key, rotate_leaked_key

RUNBOOKS: Mapping[str, Callable[[Profile], Runbook]] = {
    "deploy": deploy.runbook,
    "rotate-key": rotate_key.runbook,
    "rotate-leaked-key": rotate_leaked_key.runbook,
}
# How a runbook is called where its name is not the command's.
CALLED = {"rotate-leaked-key": "rotate-key --leaked"}
