"""Are the programs here that the runbooks use, and do the systems behind them let us do what we need?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zotops.checks.asking import AsksForge
from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile, Profile
from zotops.systems import argocd
from zotops.systems.forgejo import Forgejo
from zotops.world import World

REMEDIES = {
    "argocd": "install the ArgoCD CLI",
    "git": "install git",
    "kubectl": "install kubectl, with a context for the cluster of the identity provider",
    "mise": "install mise, then `mise trust` in the infrastructure checkout",
    "op": "install the 1Password CLI, then turn on its integration in the app's settings",
    "ssh": "install OpenSSH",
}
NO_TOKEN = 401
UNDERSTOOD = "a write is understood (400 or 422), not forbidden"
# What an impossible secret is answered with, and why that is bad.
MEANINGS = {
    400: "",
    422: "",
    401: "the token is not valid",
    403: "no write:repository or no owner",
    404: "no repository",
}


class ToolsAreThere(OfProfile, Check):
    """Every program that a step starts is found where the profile looks for programs."""

    def __str__(self) -> str:
        return f"the tools are there: {', '.join(self._names)}"

    @property
    def look(self) -> Look:
        """Ask the shell for each program."""
        return Look(
            command=f"command -v {' '.join(self._names)}",
            want=f"{len(self._names)} paths",
            otherwise=(
                Otherwise(
                    answer="a path is missing",
                    means="that program is not installed, or not on the PATH",
                    fault="tool-missing",
                ),
            ),
        )

    @property
    def _names(self) -> tuple[str, ...]:
        # A cluster is only entered to make a recovery key in it, and 1Password asked only where it keeps the secrets.
        needed = {
            "kubectl": self.profile.ci.sign_in == "recovery-key",
            "op": self.profile.secrets.store == "onepassword",
        }
        return tuple(name for name in REMEDIES if needed.get(name, True))

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED names every missing program and how to get it."""
        del facts
        missing = [name for name in self._names if world.programs.find(name) is None]
        return judged(
            not missing,
            expected=f"{', '.join(self._names)} on the PATH",
            observed=f"not found: {', '.join(missing)}" if missing else "all found",
            likely="not installed, or the PATH of this terminal is another one",
            remedy="; ".join(REMEDIES[name] for name in missing),
        )


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What the forge says to a secret of an impossible name, told of each repository that is given the key.

    `refused`: where and why the token may not write, "" when it may everywhere; `twin`: without a token.
    """

    statuses: str
    refused: str
    twin: str
    remedy: str


class AsksToWrite(AsksForge):
    """Whether the token may write wherever the key is given to: a later step must not be the first to find out."""

    @property
    def probe(self) -> Look:
        """How a person asks the same."""
        forge = self.profile.forge
        url = f"{forge.api_url}/repos/{forge.owner}/{forge.repo}/actions/secrets/0-no-such-name"
        also = "".join(f", also for {copy}" for copy in forge.copies)
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' -X PUT -H @token -H 'Content-Type: application/json' "
            f"-d '{{}}' {url}",
            want=f"400 or 422{also}; `token` is a file with the line `Authorization: token …`, that only you may read",
            otherwise=(
                Otherwise(
                    answer="403",
                    means="the token may not write, or its user is no owner",
                    fault="forge-token-reads-only",
                ),
                Otherwise(answer="401", means="the token is not valid any more"),
            ),
        )

    def probed(self, world: World) -> Probed:
        """Unreachable when the forge judges no tokens, or answers in no way that is known."""
        forge, own = Forgejo(world=world, profile=self.profile), self.profile.forge
        statuses = {f"{own.owner}/{own.repo}": forge.probe_write()}
        statuses |= {str(copy): forge.probe_write(copy) for copy in own.copies}
        told = self.of_each({place: str(status) for place, status in statuses.items()})
        twin = forge.probe_write(with_token=False)
        if twin != NO_TOKEN or not MEANINGS.keys() >= set(statuses.values()):
            raise Unreachable(
                f"an impossible secret: {told}, without a token: {twin}", remedy="is that the forge, and is it well?"
            )
        refused = {place: f"{status}, {MEANINGS[status]}" for place, status in statuses.items() if MEANINGS[status]}
        return Probed(
            statuses=told,
            refused=self.of_each(refused),
            twin=f"the same without a token: {twin}",
            remedy=f"put a token with write:repository of an owner of {', '.join(refused)} into {forge.place}",
        )


class ToolsAreSignedIn(AsksToWrite):
    """ArgoCD knows us and lets us sync; the forge's token is valid, an owner's, and may write."""

    def __str__(self) -> str:
        return f"we may sync {self.profile.argocd.app}, and the forge's token may write secrets and start builds"

    @property
    def look(self) -> Look:
        """Both commands exit 0 whatever they answer."""
        argo = self.profile.argocd
        words = " ".join(("", *argo.arguments))
        return Look(
            command=f"argocd account get-user-info{words}; "
            f"argocd account can-i sync applications '{argo.project}/{argo.app}'{words}; {self.probe.command}",
            want=f"Logged In: true, then yes, then {self.probe.want}",
            otherwise=(
                Otherwise(
                    answer="Logged In: false",
                    means="the session has ended: `argocd login` with `--sso`",
                    fault="argocd-healthy-but-signed-out",
                ),
                Otherwise(answer="no", means="signed in as somebody who may not sync this application"),
                *self.probe.otherwise,
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Both are always asked; FAILED names everything that is missing."""
        del facts
        refused = [*_refused_by_argocd(world, self.profile)]
        forge = self.probed(world)
        if forge.refused:
            refused.append((f"the forge: {forge.refused}", forge.remedy))
        return judged(
            not refused,
            expected=f"ArgoCD: signed in and allowed to sync; the forge: {UNDERSTOOD}",
            observed="; ".join(what for what, _ in refused) or f"yes, allowed to; the forge: {forge.statuses}",
            twin=forge.twin,
            likely="a session or a token has ended, or is somebody else's",
            remedy="; ".join(remedy for _, remedy in refused),
        )


class ForgeTakesWrites(AsksToWrite):
    """The forge's token is valid, an owner's, and may write: the key can be given to CI."""

    def __str__(self) -> str:
        return "the forge's token may write secrets and start builds"

    @property
    def look(self) -> Look:
        """A secret of an impossible name: refused for its name only by a forge that would have taken it."""
        return self.probe

    def run(self, world: World, facts: Facts) -> Evidence:
        """The same without a token is 401, so the forge judges tokens."""
        del facts
        forge = self.probed(world)
        return judged(
            not forge.refused,
            expected=UNDERSTOOD,
            observed=forge.refused or forge.statuses,
            twin=forge.twin,
            likely="the token has ended, or is somebody else's",
            remedy=forge.remedy,
        )


def _refused_by_argocd(world: World, profile: Profile) -> Iterator[tuple[str, str]]:
    """What ArgoCD does not let us do, and the remedy; `loggedIn` and `can-i`, never the exit codes."""
    if not argocd.is_signed_in(world, profile):
        yield "ArgoCD: not signed in", "argocd login with --sso, or a token in ARGOCD_AUTH_TOKEN"
    elif not argocd.may_sync(world, profile):
        yield f"ArgoCD: may not sync {profile.argocd.app}", "sign in as somebody who may sync that project"
