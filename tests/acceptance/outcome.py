"""What a run made of a world, said so that two worlds with other ports, keys and moments can be compared."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tests.acceptance.desk import Desk
from zotops.lab.checkout import commits
from zotops.lab.first_key import Browser
from zotops.lab.vault import value_of

KEY = re.compile(r"zak_[0-9a-f]{32}")
RUN = re.compile(r"zotops([/-])[0-9a-f]{4}[/-]\d+")
OK = 200


def outcome(desk: Desk, vault_before: Mapping[str, Any]) -> dict[str, Any]:
    """Vault, forge, registry, provider and cluster as the run left them."""
    vault, names = desk.state.read("vault"), desk.world["names"]
    key = value_of(vault, names["shared_item"], names["field"]) or ""
    forge = desk.state.read("forge")
    place = forge["secrets"][f"repo:{names['owner']}/{names['repo']}"]
    found = {
        "vault": _vault(vault, vault_before),
        "forge has": {name: "the vault's key" if kept["data"] == key else "other" for name, kept in place.items()},
        "builds": sorted((run["workflow"], run["status"]) for run in forge["runs"]),
        "configuration": _without_addresses(desk, (desk.root / "host/zot/config.json").read_text()),
        "credentials": _without_addresses(desk, (desk.root / "host/zot/oidc-credentials.json").read_text()),
        "old configuration kept": len(list((desk.root / "host/zot").glob("config.json.zotops-*"))),
        "keys": _keys(desk, key),
        "images": _images(desk),
        **_provider(desk),
        "application": _application(desk),
    }
    as_kept: dict[str, Any] = json.loads(json.dumps(found))  # compared with one that another process has kept
    return as_kept


def tags(desk: Desk, repository: str) -> list[str]:
    """The tags that anybody can see; none when there is no such repository."""
    url = f"{desk.ready['registry']}/v2/{quote(repository)}/tags/list"
    status, _, text = Browser().ask(url)
    return sorted(json.loads(text)["tags"]) if status == OK else []


def keys_of_ci(desk: Desk, key: str) -> list[dict[str, Any]]:
    """CI's keys as the registry lists them to that key; none for one that it refuses."""
    login = b64encode(f"{desk.world['names']['ci_user']}:{key}".encode()).decode()
    url = f"{desk.ready['registry']}/zot/auth/apikey"
    status, _, text = Browser().ask(url, headers={"Authorization": f"Basic {login}"})
    found: list[dict[str, Any]] = json.loads(text)["apiKeys"] if status == OK else []
    return found


def _keys(desk: Desk, key: str) -> list[str]:
    return sorted(RUN.sub("zotops/RUN/N", one["label"]) for one in keys_of_ci(desk, key))


def _vault(vault: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, str]:
    """Of each field whether it is as before, empty, a key, or another text."""
    found = {}
    for item, content in vault["items"].items():
        for field in content["fields"]:
            value, was = field.get("value", ""), value_of(dict(before), item, field["label"])
            said = "as before" if value == was else "a key" if KEY.fullmatch(value) else "written"
            found[f"{content['title']}/{field['label']}"] = said if value else "empty"
    return found


def _without_addresses(desk: Desk, text: str) -> str:
    """A text with this world's addresses and folders by name."""
    for part in ("registry", "identity_provider", "forge", "upstream"):
        text = text.replace(desk.world[part]["url"], part).replace(str(desk.world[part]["port"]), f"{part}-port")
    return text.replace(str(desk.root), "WORLD").replace(desk.world["secrets"]["client_secret"], "CLIENT-SECRET")


def _images(desk: Desk) -> dict[str, list[str]]:
    """Tags by repository; commits by their number from the newest, and this run's own by RUN and N."""
    numbered = {commit[:7]: f"COMMIT{n}" for n, commit in enumerate(commits(desk.world))}
    _, _, text = Browser().ask(f"{desk.ready['registry']}/v2/_catalog")
    found = {}
    for repository in sorted(json.loads(text)["repositories"]):
        plain = [RUN.sub(r"zotops\1RUN\1N", tag) for tag in tags(desk, repository)]
        found[repository] = sorted(re.sub("|".join(numbered), lambda m: numbered[m[0]], tag) for tag in plain)
    return found


def _provider(desk: Desk) -> dict[str, Any]:
    """Who is in which group, whose sessions and recovery keys are left, and what was applied."""
    provider, ci = desk.state.read("provider"), desk.world["names"]["ci_user"]
    return {
        "people": {
            name: (user["is_active"], user["type"], sorted(user["groups"])) for name, user in provider["users"].items()
        },
        "sessions of CI": sum(session["user"] == ci for session in provider["sessions"].values()),
        "impersonations": sum(bool(session["impersonating"]) for session in provider["sessions"].values()),
        "recovery keys": sum(token["intent"] == "recovery" for token in provider["tokens"].values()),
        "blueprints": {path: one["status"] for path, one in provider["blueprints"].items()},
    }


def _application(desk: Desk) -> dict[str, Any]:
    application = desk.state.read("cluster")["applications"]["authentik"]
    operation, newest = application["operation"], commits(desk.world)[0]
    return {"phase": operation["phase"], "newest": operation["revision"] == newest, "sync": application["sync"]}
