"""Everything that could make the registry's restart fatal, looked at just before it."""

from __future__ import annotations

import json
from posixpath import dirname

from zotops.errors import ActionFailed
from zotops.profile import Profile
from zotops.systems.candidate import Candidate, read_candidate
from zotops.systems.discovery import read_issuer
from zotops.systems.forgejo import Forgejo
from zotops.systems.server import RegistryHost
from zotops.world import World


def look_before(world: World, profile: Profile, *, reviewed: str) -> None:
    """ActionFailed, with the reason, unless the provider is there, no build runs and the candidate is taken.

    `reviewed`: SHA-256 of the configuration that was reviewed; empty when nobody has. Leaves nothing behind.
    """
    _provider_is_there(world, profile)
    _nothing_is_built(world, profile)
    _candidate_is_taken(world, profile, read_candidate(world, profile), reviewed)


def _provider_is_there(world: World, profile: Profile) -> None:
    """The registry reads the discovery document at its start, and dies without it (zot 2.1.20, measured)."""
    wanted = profile.identity_provider.issuer
    found = read_issuer(RegistryHost(world=world, profile=profile), wanted)
    if found != wanted:
        raise ActionFailed(
            f"nothing was changed: seen from {profile.server.ssh}, the provider names the issuer {found or 'nowhere'}, "
            f"not {wanted}, and the registry would die at its start",
            remedy="deploy the blueprint, and give the registry the issuer as the provider names it",
        )
    world.tell("identity provider", f"is there, seen from {profile.server.ssh}")


def _nothing_is_built(world: World, profile: Profile) -> None:
    files = {workflow.file for workflow in profile.forge.workflows}
    building = [run for run in Forgejo(world=world, profile=profile).pending() if run.workflow in files]
    if building:
        raise ActionFailed(
            f"nothing was changed: build {building[0].number} ({building[0].workflow}) is {building[0].status}, "
            "and its push would be refused",
            remedy=f"wait until it has ended, then again: {building[0].address}",
        )
    world.tell("builds", "none is running")


def _candidate_is_taken(world: World, profile: Profile, candidate: Candidate, reviewed: str) -> None:
    """The registry's own `verify`, on a copy beside the file; the copy's name has to end in .json."""
    if trouble := candidate.play.trouble(profile.provisioning.registry_tasks):
        raise ActionFailed(f"nothing was changed: the dry run did not come to its end: {trouble}")
    if reviewed not in {"", candidate.digest}:
        raise ActionFailed(
            "nothing was changed: the configuration would not be the one that was reviewed",
            remedy="review it again: invoke deploy --step review-zot-change",
        )
    refusal = _refusal_of(RegistryHost(world=world, profile=profile), profile, candidate.result)
    if refusal:
        raise ActionFailed(f"nothing was changed: the registry refuses the configuration: {refusal}")
    world.tell("candidate", "the registry's own `verify` takes it")


def _refusal_of(host: RegistryHost, profile: Profile, text: str) -> str:
    """Before a first deployment the credentials file is not there yet, and `verify` refuses a file it cannot open."""
    folder = dirname(profile.server.config)
    path, standing_in = f"{folder}/zotops-candidate.json", f"{folder}/zotops-candidate-credentials.json"
    try:
        if not host.has_file(profile.server.credentials):
            host.write_file(standing_in, json.dumps({"clientid": "zotops", "clientsecret": "only to be verified"}))
            text = text.replace(json.dumps(profile.server.credentials), json.dumps(standing_in))
        host.write_file(path, text)
        return host.refusal_of(path)
    finally:
        host.remove(path)
        host.remove(standing_in)
