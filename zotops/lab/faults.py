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


def behind_the_review(script: str) -> Callable[[Path], None]:
    """Add a command to the registry's role that edits the deployed file with this script of sed.

    A dry run skips commands, so no review sees it.
    """

    def breaks(root: Path) -> None:
        path = root / "checkout" / "ansible" / "roles" / "zot" / "tasks" / "main.yml"
        edit = f"sed '{script}' config.json >new && cat new >config.json && rm new"
        task = {
            "name": "Tidy up the configuration",
            "ansible.builtin.command": {"argv": ["sh", "-c", edit]},
            "args": {"chdir": str(root / "host" / "zot")},
        }
        path.write_text(f"{path.read_text()}\n- {json.dumps(task)}\n")

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
        check=f"the identity provider lets {CI} into the registry, and {NAMES['guest']} not",
        remedy="Put the account into the group in the blueprint, merge, sync, and sign in anew: rights follow "
        "the last sign-in.",
        breaks=in_blueprint("groups:\n        - !KeyOf ci-group", "groups: []"),
    ),
    Fault(
        name="group-claim-in-other-case",
        wrong="The provider writes the group's name with capital letters.",
        noticed="Everybody signs in, and nobody may push.",
        check=f"a sign-in of {CI} would claim the group {GROUP}",
        remedy="Compare the group's name at the provider with `http.accessControl` letter by letter, and "
        "correct the scope mapping that writes the claim.",
        breaks=switch("provider", group_case="title"),
    ),
    Fault(
        name="blueprint-not-applied",
        wrong="ArgoCD has synced the ConfigMap, but Authentik's worker has not applied the new blueprint.",
        noticed="ArgoCD is green, and nobody of CI's group gets in.",
        check=f"the deployed blueprint {NAMES['blueprint_path']} is in force at the provider",
        remedy="Look at Authentik's blueprint instances; restart the worker if it still sees the old file, "
        "then apply the instance.",
        breaks=switch("provider", apply_stuck=True),
    ),
    Fault(
        name="argocd-synced-to-another-commit",
        wrong="ArgoCD reports Synced and Healthy, at another commit than the newest of main.",
        noticed="Everything is green, and the change is not there.",
        check="ArgoCD has synced authentik to the newest commit of main, and it is healthy",
        remedy="Compare full commit ids, point the application back to its branch, refresh, and sync again.",
        breaks=switch("argocd", sync_to_other_commit=True),
    ),
    Fault(
        name="issuer-without-slash",
        wrong="The provider names itself without the slash at the end.",
        noticed="The registry dies when it starts.",
        check="the provider names the issuer that the registry expects, byte for byte",
        remedy="Make the configured issuer and the provider's own equal, byte for byte: the slash at the end counts.",
        breaks=switch("provider", issuer_without_slash=True),
    ),
    Fault(
        name="anonymous-may-write",
        wrong="A task that no dry run shows adds `create` to what anonymous callers may do.",
        noticed="Nothing: everything works, for everybody.",
        check="nobody may write without a key, at any address",
        remedy="Let `anonymousPolicy` hold `read` and nothing else, in every pattern, and restart the registry.",
        breaks=behind_the_review('/"[*][*]"/,/policies/ s/"anonymousPolicy": ."read"/&, "create"/'),
    ),
    Fault(
        name="ci-may-overwrite",
        wrong="A task that no dry run shows adds `update` to what CI's group may do.",
        noticed="Nothing, until a tag means something else than yesterday.",
        check=f"{CI} may not overwrite a tag",
        remedy="Take `update` and `delete` away from CI's group in every policy, and provision again.",
        breaks=behind_the_review('s/"create"]}/"create", "update"]}/'),
    ),
    Fault(
        name="registry-does-not-come-back",
        wrong="The registry dies at its next start; its LaunchAgent starts it again and again.",
        noticed="The play ends well, and no image can be pulled.",
        check="the registry's process is younger than its configuration file",
        remedy="Read the registry's log on its host; put the old configuration back (`invoke deploy --undo "
        "deploy-zot`), then find out why.",
        breaks=switch("registry", die_on_start=True),
    ),
    Fault(
        name="restart-lost",
        wrong="The play fails after it has written the configuration; its restart never happens.",
        noticed="The file is new, the behaviour is old, and running the play again changes nothing.",
        check="the registry's process is younger than its configuration file",
        remedy="Restart the registry explicitly; running the play again changes nothing, because the file is "
        "already new.",
        breaks=switch("ansible", lost_restart=True),
        by_hand=("deploy-zot",),
    ),
    Fault(
        name="key-with-newline",
        wrong="The key was stored with a line end behind it.",
        noticed="The key looks right, and CI gets 401.",
        check=f"the key is in '{NAMES['shared_title']}', field {NAMES['field']}",
        remedy="Store the 36 characters alone; `zotops` writes a key without a line end.",
        breaks=switch("operator", paste_newline=True),
        by_hand=("store-ci-key",),
    ),
    Fault(
        name="empty-ci-secret",
        wrong="The forge keeps the secret, but empty.",
        noticed="The secret is listed, and every build fails to push.",
        check="CI's 2 builds of the commit succeeded",
        remedy="Sync the forge's secrets again with a token that may, and build once more: only a push shows "
        "the value.",
        breaks=switch("forge", empty_secret=True),
    ),
    Fault(
        name="green-but-pushed-nothing",
        wrong="The build ends well and has pushed nothing.",
        noticed="A green run, and no image.",
        check="the builds' 2 tags are in the registry, and were not before",
        remedy="Read the job's log: a container without a Dockerfile or `default.nix` at that commit is "
        "skipped, and the run is green all the same.",
        breaks=switch("forge", green_without_push=True),
    ),
)


def fault_named(name: str) -> Fault | None:
    """The fault of that name."""
    return next((fault for fault in FAULTS if fault.name == name), None)
