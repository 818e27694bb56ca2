"""The named ways in which a practice world can be broken, and the check that catches each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from zotops.lab.checkout import commit_and_push
from zotops.lab.names import NAMES
from zotops.lab.provider import blueprint
from zotops.lab.state import State

CI, GROUP = NAMES["ci_user"], NAMES["ci_group"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to break a world.

    `check` is the sentence of the check that catches it; `remedy` is for a real registry. `by_hand`: the steps that the
    operator does by hand, since zotops itself would not make the mistake. `state`: the start state that shows it.
    """

    name: str
    wrong: str
    noticed: str
    check: str
    remedy: str
    breaks: Callable[[Path], None]
    state: Literal["open", "half", "hardened"] = "open"
    by_hand: tuple[str, ...] = ()


def switch(owner: str, **switches: Any) -> Callable[[Path], None]:
    """Turn on a stand-in's switches in quirks.json."""

    def breaks(root: Path) -> None:
        with State(root / "state").edit("quirks") as quirks:
            quirks[owner] = {**quirks.get(owner, {}), **switches}

    return breaks


def in_role(before: str, after: str) -> Callable[[Path], None]:
    """Change a line of the registry role's defaults in the checkout, as a careless commit would."""

    def breaks(root: Path) -> None:
        path = root / "checkout" / "ansible" / "roles" / "zot" / "defaults" / "main.yml"
        path.write_text(_replaced(path.read_text(), before, after))

    return breaks


def in_blueprint(before: str, after: str) -> Callable[[Path], None]:
    """Change the blueprint and push it to main, as a careless commit would."""

    def breaks(root: Path) -> None:
        path = root / "checkout" / "argocd" / "manifests" / "authentik" / "configmap-blueprint.yaml"
        text = blueprint.text_of(path.read_text())
        path.write_text(blueprint.configmap(_replaced(text, before, after)))
        commit_and_push(json.loads((root / "world.json").read_text()), "Tidy up the blueprint")

    return breaks


def _replaced(text: str, before: str, after: str) -> str:
    if before not in text:
        msg = f"there is no {before!r} any more, which this fault changes"
        raise ValueError(msg)
    return text.replace(before, after)


FAULTS = (
    Fault(
        name="ci-not-in-the-group",
        wrong=f"The blueprint makes {CI} but does not put it into {GROUP}.",
        noticed="CI signs in, and is refused at its first push.",
        check=f"{CI} is active, a service account, and in exactly the right groups",
        remedy="Put the account into the group in the blueprint, merge, sync, and sign in anew: rights follow "
        "the last sign-in.",
        breaks=in_blueprint("groups:\n        - !KeyOf ci-group", "groups: []"),
    ),
    Fault(
        name="group-claim-in-other-case",
        wrong="The provider writes the group's name with capital letters.",
        noticed="Everybody signs in, and nobody may push.",
        check=f"the claims of {CI} are as expected",
        remedy="Compare the group's name at the provider with `http.accessControl` letter by letter, and "
        "correct the scope mapping that writes the claim.",
        breaks=switch("provider", group_case="title"),
    ),
    Fault(
        name="blueprint-not-applied",
        wrong="ArgoCD has synced the ConfigMap, but Authentik's worker has not applied the new blueprint.",
        noticed="ArgoCD is green, and nobody of CI's group gets in.",
        check="the blueprint of that commit is deployed, seen by the worker and applied",
        remedy="Look at Authentik's blueprint instances; restart the worker if it still sees the old file, "
        "then apply the instance.",
        breaks=switch("provider", apply_stuck=True),
    ),
    Fault(
        name="argocd-synced-to-another-commit",
        wrong="ArgoCD reports Synced and Healthy, at another commit than the newest of main.",
        noticed="Everything is green, and the change is not there.",
        check="authentik is synced to the newest commit of main, healthy",
        remedy="Compare full commit ids, point the application back to its branch, refresh, and sync again.",
        breaks=switch("argocd", sync_to_other_commit=True),
    ),
    Fault(
        name="issuer-without-slash",
        wrong="The provider names itself without the slash at the end.",
        noticed="The registry dies when it starts.",
        check="the provider's issuer is the configured one, byte for byte",
        remedy="Make the configured issuer and the provider's own equal, byte for byte: the slash at the end counts.",
        breaks=switch("provider", issuer_without_slash=True),
    ),
    Fault(
        name="anonymous-may-write",
        wrong="The role lets anonymous callers create images.",
        noticed="Nothing: everything works, for everybody.",
        check="nobody may write without credentials",
        remedy="Let `anonymousPolicy` hold `read` and nothing else, in every pattern, and restart the registry.",
        breaks=in_role('zot_anonymous_actions: ["read"]', 'zot_anonymous_actions: ["read", "create"]'),
    ),
    Fault(
        name="ci-may-overwrite",
        wrong="The role gives CI's group the right to update.",
        noticed="Nothing, until a tag means something else than yesterday.",
        check="may not overwrite a tag",
        remedy="Take `update` and `delete` away from CI's group in every policy, and provision again.",
        breaks=in_role('zot_ci_actions: ["read", "create"]', 'zot_ci_actions: ["read", "create", "update"]'),
    ),
    Fault(
        name="registry-does-not-come-back",
        wrong="The registry dies at its next start; its LaunchAgent starts it again and again.",
        noticed="The play ends well, and no image can be pulled.",
        check="the registry's process is younger than its configuration",
        remedy="Read the registry's log on its host; put the old configuration back (`invoke deploy --undo "
        "deploy-zot`), then find out why.",
        breaks=switch("registry", die_on_start=True),
    ),
    Fault(
        name="restart-lost",
        wrong="The play fails after it has written the configuration; its restart never happens.",
        noticed="The file is new, the behaviour is old, and running the play again changes nothing.",
        check="the registry's process is younger than its configuration",
        remedy="Restart the registry explicitly; running the play again changes nothing, because the file is "
        "already new.",
        breaks=switch("ansible", lost_restart=True),
        by_hand=("deploy-zot",),
    ),
    Fault(
        name="key-with-newline",
        wrong="The key was stored with a line end behind it.",
        noticed="The key looks right, and CI gets 401.",
        check="the key is stored where the forge's role reads it",
        remedy="Store the 36 characters alone; `zotops` writes a key without a line end.",
        breaks=switch("operator", paste_newline=True),
        by_hand=("store-ci-key",),
    ),
    Fault(
        name="empty-ci-secret",
        wrong="The forge keeps the secret, but empty.",
        noticed="The secret is listed, and every build fails to push.",
        check="the builds of this run succeeded",
        remedy="Sync the forge's secrets again with a token that may, and build once more: only a push shows "
        "the value.",
        breaks=switch("forge", empty_secret=True),
    ),
    Fault(
        name="green-but-pushed-nothing",
        wrong="The build ends well and has pushed nothing.",
        noticed="A green run, and no image.",
        check="both new tags are in the registry, from this run",
        remedy="Read the job's log: a container without a Dockerfile or `default.nix` at that commit is "
        "skipped, and the run is green all the same.",
        breaks=switch("forge", green_without_push=True),
    ),
)


def fault_named(name: str) -> Fault | None:
    """The fault of that name."""
    return next((fault for fault in FAULTS if fault.name == name), None)
