"""Faults of provisioning: what ends well without having happened, and what does not come back."""

from __future__ import annotations

from pathlib import Path

from zotops.lab import vault
from zotops.lab.faults.breaking import ROLE, behind_the_review, in_document, in_file, switch
from zotops.lab.faults.fault import Fault
from zotops.lab.faults.sentences import LISTED, RESTART_REGISTRY, REVIEWED, SERVICES_WELL, YOUNGER
from zotops.lab.names import NAMES


def use_missing_collection(root: Path) -> None:
    """Add a task whose module belongs to a collection that is not installed."""
    path = root / ROLE / "tasks" / "main.yml"
    path.write_text(f"{path.read_text()}\n- name: Install the registry\n  practice.absent.package: {{name: zot}}\n")


def remove_kubectl(root: Path) -> None:
    """Take a program from the PATH."""
    (root / "bin" / "kubectl").unlink()


FAULTS = (
    Fault(
        name="tool-missing",
        wrong="A program that a step starts is not installed: kubectl.",
        noticed="Everything goes well up to the step that needs it.",
        check="the tools are there: argocd, git, kubectl, mise, op, ssh",
        remedy="Install it, or put it on the PATH of this terminal.",
        breaks=remove_kubectl,
    ),
    Fault(
        name="host-unreachable",
        wrong="The registry's machine does not let us in by ssh.",
        noticed="The registry works; provisioning ends with UNREACHABLE.",
        check=f"{NAMES['ssh_host']} lets us in by ssh",
        remedy="`ssh` there yourself: is the machine on, and your key loaded?",
        breaks=switch("ssh", unreachable=True),
    ),
    Fault(
        name="collection-missing",
        wrong="The playbook uses a collection that is not installed, and is not even read to its end.",
        noticed="Exit code 4 without a recap, as if the host were unreachable.",
        check=REVIEWED,
        remedy="`ansible-galaxy collection install -r requirements.yml` in the checkout's ansible folder.",
        breaks=use_missing_collection,
    ),
    Fault(
        name="mistyped-tag",
        wrong="The play was run with a tag that matches nothing: exit code 0, and nothing ran.",
        noticed="The play ends well; CI has no key.",
        check=LISTED,
        remedy="Look for the names of the tasks in the output, not for the exit code; run it with the right tag: "
        "`mise run provision-indri -- --tags forgejo_actions_secrets`",
        breaks=switch("operator", mistypes_tag=True),
        by_hand=("sync-forge-secrets",),
    ),
    Fault(
        name="dry-run-prints-the-client-secret",
        wrong="The client secret has changed, and the task that writes it has no `no_log`: a dry run prints both.",
        noticed="Two secrets stand on the terminal, and in the scrollback.",
        check="the dry run does not print the client secret",
        remedy="Add `no_log: true` to the task, or `diff: false`; change the secret if the output was kept.",
        breaks=in_document(
            "vault",
            lambda d: vault.set_value(d, NAMES["authentik_item"], "zot-client-secret", "another-secret-than-before"),
        ),
        state="hardened",
    ),
    Fault(
        name="port-taken",
        wrong="The registry's port belongs to another program: it ends with 0, and only its log says why.",
        noticed="The play ends well, launchctl knows no failure, and no image can be pulled.",
        check=YOUNGER,
        remedy="Find out who listens on that port, and end it or give the registry another port.",
        breaks=behind_the_review('s/"port": "{registry}"/"port": "{forge}"/'),
    ),
    Fault(
        name="provider-down-at-the-restart",
        wrong="The identity provider does not answer at the moment in which the registry is restarted.",
        noticed="The play ends well, and no image can be pulled, not even the provider's own.",
        check=YOUNGER,
        remedy="Bring the provider back; if it needs images from this registry, put the old configuration back first "
        "(`invoke deploy --undo deploy-zot`).",
        breaks=switch("provider", down=True),
        at="deploy-zot",
        by_hand=("deploy-zot",),
    ),
    Fault(
        name="registry-does-not-come-back",
        wrong="The registry dies at its next start; its LaunchAgent starts it again and again.",
        noticed="The play ends well, and no image can be pulled.",
        check=YOUNGER,
        remedy="Read the registry's log on its host; put the old configuration back (`invoke deploy --undo "
        "deploy-zot`), then find out why.",
        breaks=switch("registry", die_on_start=True),
    ),
    Fault(
        name="restart-lost",
        wrong="The play fails after it has written the configuration; its restart never happens.",
        noticed="The file is new, the behaviour is old, and running the play again changes nothing.",
        check=YOUNGER,
        remedy=f"Restart the registry explicitly, by {RESTART_REGISTRY}; running the play again changes nothing, "
        "because the file is already new.",
        breaks=switch("ansible", lost_restart=True),
        by_hand=("deploy-zot",),
    ),
    Fault(
        name="service-under-another-name",
        wrong="The services' own check asks for the registry's agent by a label that it does not have.",
        noticed="services-check is red for the registry, which works.",
        check=SERVICES_WELL,
        remedy="Correct the label in services-check, or the agent's.",
        breaks=in_file("checkout/mise-tasks/.addresses", f"ZOT_LABEL='{NAMES['service']}'", "ZOT_LABEL='old.zot'"),
        state="hardened",
    ),
)
