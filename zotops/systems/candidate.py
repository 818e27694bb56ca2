"""The configuration that provisioning would leave on the registry's host: the present file, and a dry run's diff."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from zotops.errors import Unreachable
from zotops.model import Fact
from zotops.profile import Profile
from zotops.systems.ansible import Play, dry_run
from zotops.systems.server import RegistryHost
from zotops.systems.unified_diff import DoesNotFitError, patched
from zotops.world import World

# SHA-256 of the resulting configuration as it was reviewed.
REVIEWED_CONFIG = Fact("reviewed-configuration")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The present text (None: no such file), the resulting one, and the dry run that told the difference."""

    present: str | None
    result: str
    play: Play

    @property
    def digest(self) -> str:
        """SHA-256 of the resulting text, in hex."""
        return digest_of(self.result)

    @property
    def differs(self) -> bool:
        """Whether provisioning would change the file."""
        return self.result != self.present


def digest_of(text: str) -> str:
    """SHA-256 in hex. The configuration holds no secret: those are in the credentials file."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_candidate(world: World, profile: Profile) -> Candidate:
    """Make the dry run, then work out its result. Unreachable when the diff does not fit the file."""
    played = dry_run(world, profile, profile.provisioning.registry_tag)
    present = RegistryHost(world=world, profile=profile).read_file(profile.server.config)
    try:
        result = patched(present or "", played.config_diff) if played.config_diff else present or ""
    except DoesNotFitError as error:
        raise Unreachable(
            f"the dry run's diff does not fit {profile.server.config}: {error}",
            remedy="look again: the file may have changed meanwhile",
        ) from error
    return Candidate(present=present, result=result, play=played)
