"""Is the ArgoCD application synced to the newest commit, and healthy?"""

from __future__ import annotations

from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile, Profile
from zotops.systems.argocd import SYNCED_COMMIT, App, read_app
from zotops.systems.git import newest_commit
from zotops.world import World


class AppIsSynced(OfProfile, Check):
    """The cluster runs the newest commit of the branch that the application follows.

    Synced and Healthy alone prove nothing: the application may look at another branch, or at the commit of minutes ago.
    """

    def __str__(self) -> str:
        argo = self.profile.argocd
        return f"ArgoCD has synced {argo.app} to the newest commit of {argo.target_revision}, and it is healthy"

    @property
    def look(self) -> Look:
        """Compare two full commit ids and read five states."""
        argo = self.profile.argocd
        words = " ".join(("", *argo.arguments))
        return Look(
            command=f"argocd app get {argo.app} -o json --refresh{words} | jq -c '[.spec.source.targetRevision, "
            ".status.sync.status, .status.sync.revision, .status.health.status, .status.operationState.phase]'; "
            f"git ls-remote {argo.repository} refs/heads/{argo.target_revision}",
            want=f'["{argo.target_revision}","Synced","<commit>","Healthy","Succeeded"], and the same commit',
            otherwise=(
                Otherwise(
                    answer="another commit",
                    means="an older commit is in force",
                    fault="argocd-synced-to-another-commit",
                ),
                Otherwise(answer="another branch", means="somebody tests there: `argocd app set` it back"),
                Otherwise(answer="OutOfSync", means="nobody has synced yet: this application syncs by hand"),
                Otherwise(answer="Progressing", means="wait a minute; a new secret may take an hour to arrive"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED names everything that is not as it should be; a field that ArgoCD left out counts as that."""
        commit = newest_commit(world, self.profile.argocd.repository, self.profile.argocd.target_revision)
        app = read_app(world, self.profile)
        wrong = _wrong(app, commit, self.profile, synced=facts.get(SYNCED_COMMIT) == commit)
        return judged(
            not wrong,
            expected=f"{self.profile.argocd.target_revision} at {commit}: Synced, Healthy, operation Succeeded",
            observed="; ".join(wrong) or f"{app.revision}: {app.sync}, {app.health}, {app.phase}",
            likely=_likely(app, commit, self.profile),
            remedy=f"argocd app sync {self.profile.argocd.app}, then look again",
        )


def _wrong(app: App, commit: str, profile: Profile, *, synced: bool) -> list[str]:
    wanted = {
        "target revision": (app.target_revision, profile.argocd.target_revision),
        "sync": (app.sync, "Synced"),
        "compared with commit": (app.revision, commit),
        "health": (app.health, "Healthy"),
        "last operation": (app.phase, "Succeeded"),
    }
    if synced:  # only then must the last operation have been that very commit
        wanted["last operation's commit"] = (app.synced_revision, commit)
    wrong = [f"{name}: {found or 'not told'}" for name, (found, right) in wanted.items() if found != right]
    if app.operation_pending:
        wrong.append("an operation is pending")
    elif not app.compared_afterwards:
        wrong.append("not compared again since the last operation ended")
    return [*wrong, *(f"condition {name}" for name in app.errors)]


def _likely(app: App, commit: str, profile: Profile) -> str:
    if app.target_revision != profile.argocd.target_revision:
        return "somebody tests another branch"
    if app.revision and app.revision != commit:
        return "ArgoCD reads another repository or has an old copy of this one"
    if app.sync == "OutOfSync":
        return "nobody has synced it since the commit"
    if app.synced_revision and app.synced_revision != commit:
        return "somebody else has synced it since, to another commit"
    return "it has not come up yet"
