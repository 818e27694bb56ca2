"""What a red application most likely means: told by the first thing that is not as it should be."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.platform.stand_ins import with_programs
from zotops.checks.argocd import AppIsSynced
from zotops.looking import made
from zotops.model import Evidence, Facts, Verdict
from zotops.systems.argocd import SYNCED_COMMIT

NEWEST, OLDER = "a" * 40, "b" * 40
LATER, EARLIER = "2026-03-07T10:00:01Z", "2026-03-07T10:00:00Z"


def application(**changes: str) -> dict[str, Any]:
    """An application that is in force, with these fields changed; an empty one is left out, as ArgoCD does."""
    told = {
        "targetRevision": "main",
        "sync": "Synced",
        "revision": NEWEST,
        "health": "Healthy",
        "phase": "Succeeded",
        "synced": NEWEST,
        "finishedAt": EARLIER,
        "reconciledAt": LATER,
    } | changes
    return {
        "spec": {"source": {"targetRevision": told["targetRevision"]}},
        "status": {
            "sync": {"status": told["sync"], "revision": told["revision"]},
            "health": {"status": told["health"]},
            "operationState": {
                "phase": told["phase"],
                "finishedAt": told["finishedAt"],
                "syncResult": {"revision": told["synced"]},
            },
            "reconciledAt": told["reconciledAt"],
        },
    }


def look(folder: Path, document: dict[str, Any], facts: Facts | None = None) -> Evidence:
    (folder / "app.json").write_text(json.dumps(document))
    profile, world = with_programs(
        folder, argocd=f"cat {folder}/app.json", git=f"printf '{NEWEST}\\trefs/heads/main\\n'"
    )
    return made(AppIsSynced(profile=profile), world, facts or {})


def test_an_application_in_force_is_told_with_commit_and_states(tmp_path: Path) -> None:
    evidence = look(tmp_path, application(synced=OLDER))
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, f"{NEWEST}: Synced, Healthy, Succeeded")


@pytest.mark.parametrize(
    ("changes", "observed", "likely"),
    [
        ({"targetRevision": "try"}, "target revision: try", "somebody tests another branch"),
        ({"targetRevision": "try", "revision": OLDER}, "target revision: try", "somebody tests another branch"),
        ({"revision": OLDER}, f"compared with commit: {OLDER}", "ArgoCD reads another repository or has an old copy"),
        ({"revision": "", "sync": "OutOfSync"}, "sync: OutOfSync; compared with commit: not told", "nobody has synced"),
        ({"sync": "OutOfSync", "synced": OLDER}, "sync: OutOfSync", "nobody has synced it since the commit"),
        ({"health": "Degraded", "synced": OLDER}, "health: Degraded", "somebody else has synced it since"),
        ({"health": "Degraded", "synced": ""}, "health: Degraded", "it has not come up yet"),
        ({"health": "Progressing"}, "health: Progressing", "it has not come up yet"),
        ({"phase": "Running"}, "last operation: Running", "it has not come up yet"),
        ({"finishedAt": LATER, "reconciledAt": EARLIER}, "not compared again since the last operation", "not come up"),
    ],
)
def test_the_first_thing_wrong_tells_the_cause(
    tmp_path: Path, changes: dict[str, str], observed: str, likely: str
) -> None:
    evidence = look(tmp_path, application(**changes))
    assert evidence.verdict is Verdict.FAILED
    assert evidence.observed.startswith(observed)
    assert likely in evidence.likely


def test_only_after_a_sync_of_this_run_the_last_operation_must_have_been_that_commit(tmp_path: Path) -> None:
    evidence = look(tmp_path, application(synced=OLDER), {SYNCED_COMMIT: NEWEST})
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, f"last operation's commit: {OLDER}")
    assert look(tmp_path, application(synced=OLDER), {SYNCED_COMMIT: OLDER}).verdict is Verdict.PASSED


def test_a_pending_operation_and_errors_are_told(tmp_path: Path) -> None:
    document = application(finishedAt=LATER, reconciledAt=EARLIER) | {"operation": {"sync": {}}}
    document["status"]["conditions"] = [{"type": "ComparisonError"}]
    evidence = look(tmp_path, document)
    assert evidence.observed == "an operation is pending; condition ComparisonError"
