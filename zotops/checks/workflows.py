"""Do the workflow files in the checkout push with the key, and without showing it?"""

from __future__ import annotations

import re
from pathlib import Path

from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile, Profile, Workflow
from zotops.world import World

COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)


def read_workflow(profile: Profile, workflow: Workflow) -> str:
    """A workflow file of the checkout, without its comments."""
    path = Path(profile.programs.directory).expanduser() / profile.forge.workflow_folder / workflow.file
    try:
        return COMMENT.sub("", path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        remedy = "is programs.directory in the profile the infrastructure checkout, and on the right branch?"
        raise Unreachable(f"{path} cannot be read", remedy=remedy) from error


class WorkflowsUseTheSecret(OfProfile, Check):
    """Every push path takes the Actions secret and signs in as the CI user."""

    def __str__(self) -> str:
        forge = self.profile.forge
        return f"all {len(forge.workflows)} workflows push as {self.profile.ci.name} with {forge.secret}"

    @property
    def look(self) -> Look:
        """Search the files; a Dagger function may have the user as its default instead."""
        forge = self.profile.forge
        files = " ".join(f"{forge.workflow_folder}/{workflow.file}" for workflow in forge.workflows)
        return Look(
            command=f"grep -c -e '{forge.secret}' -e '{self.profile.ci.name}' {files}",
            want="at least 1 for each file",
            otherwise=(
                Otherwise(
                    answer="0",
                    means="that path pushes without the key: it will be refused",
                    fault="workflow-without-the-secret",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Each file names the secret; each names the user, or leaves it to the Dagger function's default."""
        del facts
        forge, user = self.profile.forge, self.profile.ci.name
        wrong, defaults = [], []
        for workflow in forge.workflows:
            text = read_workflow(self.profile, workflow)
            if not re.search(rf"secrets\.{re.escape(forge.secret)}\b", text):
                wrong.append(f"{workflow.file} does not use secrets.{forge.secret}")
            if _names(text, user):
                continue
            if default := _default_user(world, user) if workflow.pushes_with == "dagger" else "":
                defaults.append(default)
            else:
                wrong.append(f"{workflow.file} does not name {user}")
        shown = f"{user} is the default in {defaults[0]}" if defaults else "both are named in every file"
        return judged(
            not wrong,
            expected=f"secrets.{forge.secret} and {user} in {len(forge.workflows)} files",
            observed="; ".join(wrong) or shown,
            likely="the checkout is on an older branch",
            remedy="pull the branch that CI builds, or wire the workflow to the secret",
        )


def _names(text: str, user: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(user)}(?![\w-])", text) is not None


def _default_user(world: World, user: str) -> str:
    """The source file of the checkout that holds the CI user as a default, or ""."""
    argv = ("git", "grep", "-l", "-w", "-F", "-e", f'"{user}"', "--", "*.py", "*.go", "*.ts")
    done = world.programs.run(argv)
    return next(iter(done.out.splitlines()), "")


class KeyNotInArgv(OfProfile, Check):
    """A finding: a key on a command line shows in the process list of the runner's host."""

    def __str__(self) -> str:
        return "no workflow puts the key on a command line"

    @property
    def advisory(self) -> bool:
        """A weakness of the plan itself."""
        return True

    @property
    def look(self) -> Look:
        """Search for the option that takes a key as an argument."""
        forge = self.profile.forge
        return Look(
            command=f"grep -rn -e '--dest-creds' {forge.workflow_folder}",
            want="nothing",
            otherwise=(
                Otherwise(
                    answer="a line",
                    means="while skopeo runs, `ps` on that host shows the key",
                    fault="key-on-the-command-line",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """`--dest-creds` with anything; an authfile is fine."""
        del world, facts
        files = [w.file for w in self.profile.forge.workflows if "--dest-creds" in read_workflow(self.profile, w)]
        return judged(
            not files,
            expected="no --dest-creds",
            observed=f"--dest-creds in {', '.join(files)}" if files else "none",
            likely="skopeo's documentation shows this option first",
            remedy="write an authfile (mode 0600, removed afterwards) and give skopeo --dest-authfile",
        )
