"""What a person decides, and how each step ended."""

from __future__ import annotations

from tests.lamps import Script
from zotops.operator import Decision, StepEnds

DO, GO_ON, HAND, CHECK = Decision.DO, Decision.GO_ON, Decision.BY_HAND, Decision.CHECK
AGAIN, ACCEPT, LOOK, SKIP, STOP = Decision.AGAIN, Decision.ACCEPT, Decision.LOOK, Decision.SKIP, Decision.STOP


def kinds(script: Script) -> list[str]:
    return [shown.kind for shown in script.shown if isinstance(shown, StepEnds)]
