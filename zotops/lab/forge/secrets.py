"""Actions secrets of a repository, an organization and a user: written and listed, never read."""

from __future__ import annotations

import re
import time

from zotops.lab.forge.access import NOT_FOUND, RefusalError, require_owner
from zotops.lab.forge.asking import Answer, Ask, caller_in, open_repository
from zotops.lab.forge.documents import Document, Forge, time_text

_NAME = re.compile(r"(?!GITEA_|GITHUB_)[A-Z_][A-Z0-9_]*")


def list_of_repository(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}/actions/secrets: names and when each was first written."""
    return _listed(forge, ask, _place_of_repository(forge, ask))


def list_of_organization(forge: Forge, ask: Ask) -> Answer:
    """GET /orgs/{org}/actions/secrets."""
    return _listed(forge, ask, _place_of_organization(forge, ask))


def put_of_repository(forge: Forge, ask: Ask) -> Answer:
    """PUT /repos/{owner}/{repo}/actions/secrets/{name}."""
    return _put(forge, ask, _place_of_repository(forge, ask))


def put_of_organization(forge: Forge, ask: Ask) -> Answer:
    """PUT /orgs/{org}/actions/secrets/{name}."""
    return _put(forge, ask, _place_of_organization(forge, ask))


def put_of_user(forge: Forge, ask: Ask) -> Answer:
    """PUT /user/actions/secrets/{name}; this level has no list."""
    return _put(forge, ask, _place_of_user(forge, ask))


def delete_of_repository(forge: Forge, ask: Ask) -> Answer:
    """DELETE /repos/{owner}/{repo}/actions/secrets/{name}."""
    return _delete(forge, ask, _place_of_repository(forge, ask))


def delete_of_organization(forge: Forge, ask: Ask) -> Answer:
    """DELETE /orgs/{org}/actions/secrets/{name}."""
    return _delete(forge, ask, _place_of_organization(forge, ask))


def delete_of_user(forge: Forge, ask: Ask) -> Answer:
    """DELETE /user/actions/secrets/{name}."""
    return _delete(forge, ask, _place_of_user(forge, ask))


def value_for(document: Document, full_name: str, name: str) -> str:
    """What a job of the repository gets: its own secret hides its owner's of the same name; none reads empty."""
    owner = full_name.partition("/")[0]
    for place in (f"repo:{full_name}", f"org:{owner}", f"user:{owner}"):
        if name in document["secrets"].get(place, {}):
            return str(document["secrets"][place][name]["data"])
    return ""


def _place_of_repository(forge: Forge, ask: Ask) -> str:
    _, caller, repository = open_repository(forge, ask)
    require_owner(caller, ask.full_name, repository)
    return f"repo:{ask.full_name}"


def _place_of_organization(forge: Forge, ask: Ask) -> str:
    document = forge.read()
    caller = caller_in(ask, document, "organization")
    caller.require_token()
    members = document["organizations"].get(ask.path["org"])
    if members is None:
        raise RefusalError(404, NOT_FOUND)
    if not caller.is_admin and caller.login not in members:
        raise RefusalError(403, "user should be an owner of organization")
    return f"org:{ask.path['org']}"


def _place_of_user(forge: Forge, ask: Ask) -> str:
    caller = caller_in(ask, forge.read(), "user")
    caller.require_token()
    return f"user:{caller.login}"


def _listed(forge: Forge, ask: Ask, place: str) -> Answer:
    stored = forge.read()["secrets"].get(place, {})
    items = [{"name": name, "created_at": time_text(stored[name]["created"])} for name in sorted(stored)]
    return Answer(body=items[ask.page()], headers={"X-Total-Count": str(len(items))})


def _put(forge: Forge, ask: Ask, place: str) -> Answer:
    name, data = _name_of(ask), ask.document().get("data")
    if not isinstance(data, str) or not data:
        raise RefusalError(400, "[Data]: Required")
    kept = "" if forge.quirk("empty_secret") else data
    with forge.state.edit("forge") as document:
        stored = document["secrets"].setdefault(place, {})
        known = stored.get(name)
        if known and forge.quirk("keeps_old_secrets"):
            return Answer(status=204)
        # An update keeps the time of the first write: nothing shows whether the value is new.
        stored[name] = {"data": kept, "created": known["created"] if known else time.time()}
    return Answer(status=204 if known else 201)


def _delete(forge: Forge, ask: Ask, place: str) -> Answer:
    name = _name_of(ask)
    with forge.state.edit("forge") as document:
        if document["secrets"].get(place, {}).pop(name, None) is None:
            raise RefusalError(404, NOT_FOUND)
    return Answer(status=204)


def _name_of(ask: Ask) -> str:
    name = ask.path["name"].upper()
    if not _NAME.fullmatch(name):
        raise RefusalError(400, "invalid secret name")
    return name
