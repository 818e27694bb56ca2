"""The two workflows of the practice forge, and one run of them."""

import json
from typing import Any

import pytest

from tests import needs
from tests.lab.forge_world import PracticeForge, git
from zotops.lab.forge import workflows

DAGGER, NIX = "build-container.yaml", "build-container-nix.yaml"
IMAGE = "practice/nettest"
BOTH = pytest.mark.parametrize(("workflow", "suffix"), [(DAGGER, ""), (NIX, "-nix")])
needs_skopeo = needs.program("skopeo")


def files_of(forge: PracticeForge, **options: bool) -> dict[str, str]:
    return workflows.files(json.loads((forge.folder / "world.json").read_text()), **options)


def built(forge: PracticeForge, workflow: str = DAGGER, **inputs: str) -> dict[str, Any]:
    return forge.finished(forge.dispatch(workflow, **inputs))


def head(forge: PracticeForge) -> str:
    return git(forge.folder / "forge" / "platform.git", "rev-parse", "main").strip()
