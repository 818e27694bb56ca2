"""Faults of ArgoCD: what is green although something is missing."""

from __future__ import annotations

from pathlib import Path

from zotops.lab.checkout import git
from zotops.lab.faults.breaking import switch
from zotops.lab.faults.fault import Fault
from zotops.lab.faults.sentences import SYNCED
from zotops.lab.names import NAMES


def somebody_syncs_newer(root: Path) -> None:
    """Make a commit on a branch, as a colleague does, which they sync to right behind everybody else."""
    checkout, branch = root / "checkout", NAMES["branch"]
    git(checkout, "switch", "--quiet", "--create", "colleague")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Try something")
    git(checkout, "push", "--quiet", "origin", "colleague")
    newer = git(checkout, "rev-parse", "HEAD").strip()
    git(checkout, "switch", "--quiet", branch)
    switch("argocd", somebody_syncs_newer=newer)(root)


FAULTS = (
    Fault(
        name="argocd-synced-to-another-commit",
        wrong="ArgoCD reports Synced and Healthy, at another commit than the newest of main.",
        noticed="Everything is green, and the change is not there.",
        check=SYNCED,
        remedy="Compare full commit ids, point the application back to its branch, refresh, and sync again.",
        breaks=switch("argocd", sync_to_other_commit=True),
    ),
    Fault(
        name="argocd-synced-by-somebody-else",
        wrong="Right behind our sync somebody else has synced the application to a newer commit, of their own branch.",
        noticed="Synced and Healthy; what runs is not what was reviewed.",
        check=SYNCED,
        remedy="Find out who works on it; when they are done, sync again.",
        breaks=somebody_syncs_newer,
    ),
    Fault(
        name="argocd-healthy-but-signed-out",
        wrong="The application can be seen, Synced and Healthy, but the session that may sync has ended.",
        noticed="Everything is green, and the sync is refused.",
        check=f"we may sync {NAMES['argocd_app']}, and the forge's token may write secrets and start builds",
        remedy="`argocd relogin`; `argocd account get-user-info` exits 0 either way, read what it says.",
        breaks=switch("argocd", healthy_but_signed_out=True),
    ),
)
