"""The catalogue's remedies, typed as they stand on its page into a world with that fault, make the check green."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from zotops.commands.opening import open_world
from zotops.lab import world as lab
from zotops.lab.faults import Fault, fault_named
from zotops.looking import made
from zotops.model import Check, Verdict
from zotops.profile import Profile
from zotops.profile_file import read_profile
from zotops.redaction import Redactor
from zotops.runbooks.deploy import runbook
from zotops.world import World

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
# A code span that begins with one of these is a command; the others are names and settings.
PROGRAMS = ("argocd", "git", "kubectl", "mise", "op", "ssh")
# What one has typed before the fault shows, where it is not there from the beginning.
SYNC = "argocd app sync authentik --grpc-web"
BEFORE = {
    "application-binding-missing": (),
    "argocd-healthy-but-signed-out": (),
    "blueprint-not-applied": (SYNC,),
    "ci-inactive": (),
    "ci-may-more-meanwhile": (),
    "claim-misses-inherited-group": (),
    "engine-mode-all": (),
    "mistyped-tag": ("mise run provision-indri -- --tags forgejo_actions_secret",),
    "no-binding-at-all": (),
    "redirect-not-registered": (),
    "restart-lost": ("mise run provision-indri -- --tags zot",),
    "vault-signed-out": (),
    "worker-sees-old-file": (SYNC,),
    "workflow-without-the-secret": (),
}
# Seconds after which somebody types the first line.
LOOKED_AROUND = 3
# Seconds in which an effect shows: the worker, and a registry that starts.
SHOWS_WITHIN = 15


@dataclass(frozen=True)
class Section:
    """What the page says of one fault."""

    check: str
    commands: tuple[str, ...]


def section_of(name: str) -> Section:
    """The section, read as somebody reads it: from its heading to the next."""
    text = PAGE.read_text().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    check = re.search(r"\*\*Caught by\.\*\* The check: (.+)", text)
    remedy = re.search(r"\*\*Remedy\.\*\* (.+)", text)
    assert check
    assert remedy
    spans = re.findall(r"`([^`]+)`", remedy[1])
    return Section(check[1], tuple(span for span in spans if span.split()[0] in PROGRAMS))


@dataclass(frozen=True)
class Place:
    """A started world, and zotops' view of it with the vault that it has."""

    root: Path
    profile: Profile
    world: World

    def type(self, command: str) -> str:
        """Type a line into the shell that the lab names; what it printed."""
        done = subprocess.run(
            [self.root / "shell", "-c", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return f"$ {command}\n{done.stdout}{done.stderr}[{done.returncode}]"

    def looks(self, check: Check) -> str:
        """PASSED, or what is wrong."""
        evidence = made(check, self.world, {})
        return "" if evidence.verdict is Verdict.PASSED else f"{evidence.verdict.value}: {evidence.observed}"

    def looks_in_time(self, check: Check) -> str:
        """As `looks`, with patience."""
        until = time.monotonic() + SHOWS_WITHIN
        while (seen := self.looks(check)) and time.monotonic() < until:
            time.sleep(0.3)
        return seen


@contextmanager
def broken_by(fault: Fault, folder: Path) -> Iterator[Place]:
    root = folder / "world"
    lab.make(root, state=fault.state)
    with lab.start(root):
        fault.breaks(root)
        profile = read_profile(root / "profile.toml")
        with open_world(profile, folder, Redactor()) as world:
            yield Place(root, profile, world)


def check_that_says(sentence: str, profile: Profile) -> Check:
    return next(check for step in runbook(profile).steps for check in step.checks if str(check) == sentence)


@pytest.mark.costly("remedies")
@pytest.mark.parametrize("name", BEFORE)
def test_a_remedy_works_as_it_is_typed(tmp_path: Path, name: str) -> None:
    fault, section = fault_named(name), section_of(name)
    assert fault
    assert section.commands, "its remedy holds no command"
    with broken_by(fault, tmp_path) as place:
        check = check_that_says(section.check, place.profile)
        # Nobody types at once, and ages are told in whole seconds.
        time.sleep(LOOKED_AROUND)
        said = [place.type(command) for command in BEFORE[name]]
        time.sleep(1)
        assert place.looks(check).startswith("failed: "), said
        said += [place.type(command) for command in section.commands]
        assert place.looks_in_time(check) == "", "\n".join(said)


def test_ten_of_the_sections_hold_commands() -> None:
    assert len([name for name in BEFORE if section_of(name).commands]) >= 10
