"""1Password's `op`: read, item get, item edit, signin, whoami, vault list (facts: onepassword.md; failures exit 1)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from zotops.lab import vault
from zotops.lab.executables.call import Call, NotImplementedHere, Words, complain, parse_words, say
from zotops.lab.state import Document

VERSION = "2.34.1"
WITH_SECTION = 4  # parts of vault/item/section/field
GLOBAL_FLAGS = ("--cache", "--no-color", "--debug")
GLOBAL_VALUES = ("--account", "--config", "--encoding", "--format", "--session", "--vault")


class Refused(Exception):
    """What op answers on standard error before it exits 1."""


def main(call: Call) -> int:
    """Answer as `op` does."""
    if call.words == ["--version"]:
        say(VERSION)
        return 0
    try:
        command, rest = _command(call.words)
        command(call, rest)
    except Refused as refusal:
        complain(f"[ERROR] {time.strftime('%Y/%m/%d %H:%M:%S')} {refusal}")
        return 1
    return 0


def _command(words: list[str]) -> tuple[Callable[[Call, list[str]], None], list[str]]:
    for name, command in COMMANDS.items():
        if words[: len(name)] == list(name):
            return command, words[len(name) :]
    raise NotImplementedHere(" ".join(words[:2]))


def _read(call: Call, words: list[str]) -> None:
    given = parse_words(words, flags=("-n", "--no-newline", *GLOBAL_FLAGS), values=GLOBAL_VALUES)
    _need_sign_in(call)
    if len(given.alone) != 1:
        raise Refused(f"accepts 1 arg(s), received {len(given.alone)}")
    reference = given.alone[0]
    try:
        value = _value_of(call.state.read("vault"), reference)
    except Refused as refusal:
        raise Refused(f"could not read secret '{reference}': {refusal}") from None
    sys.stdout.write(value if {"-n", "--no-newline"} & given.options.keys() else f"{value}\n")


def _value_of(document: Document, reference: str) -> str:
    if not reference.startswith("op://"):
        raise Refused("invalid secret reference: should be prefixed with op://")
    parts = reference.removeprefix("op://").split("/")
    if "?" in reference:
        raise NotImplementedHere(reference)
    if len(parts) > WITH_SECTION:
        raise Refused("too many '/': secret references should match op://<vault>/<item>[/<section>]/<field>")
    if len(parts) < WITH_SECTION - 1 or not all(parts):
        raise Refused("invalid secret reference: should match op://<vault>/<item>[/<section>]/<field>")
    found = _item(document, parts[1], parts[0])
    section = parts[2] if len(parts) == WITH_SECTION else None
    for field in found["fields"]:
        if vault.is_named(field, parts[-1]) and (section is None or vault.is_named(field.get("section", {}), section)):
            return str(field.get("value", ""))
    raise Refused(f"item '{parts[0]}/{parts[1]}' does not have a field '{parts[-1]}'")


def _item(document: Document, name: str, vault_name: str | None) -> Document:
    holder = None
    if vault_name is not None:
        holder = next((each for each in document["vaults"] if vault.is_named(each, vault_name)), None)
        if holder is None:
            raise Refused(f'"{vault_name}" isn\'t a vault in this account. Specify the vault with its ID or name.')
    items = [each for each in document["items"].values() if holder is None or each["vault"]["id"] == holder["id"]]
    found = [each for each in items if each["id"] == name] or [each for each in items if vault.is_named(each, name)]
    if not found:
        where = f'the "{holder["name"]}" vault' if holder else "any vault"
        raise Refused(f'"{name}" isn\'t an item in {where}. Specify the item with its UUID, name, or domain.')
    if len(found) > 1:
        lines = [f'\t* for the item "{each["title"]}" in vault {each["vault"]["name"]}: {each["id"]}' for each in found]
        text = f'More than one item matches "{name}". Try again and specify the item by its ID:'
        raise Refused("\n".join([text, *lines]))
    return dict(found[0])


def _get(call: Call, words: list[str]) -> None:
    given = parse_words(words, flags=("--reveal", *GLOBAL_FLAGS), values=GLOBAL_VALUES)
    _need_sign_in(call)
    found = _item(call.state.read("vault"), _one(given), given.options.get("--vault"))
    say(_as_text(found, given, reveal="--reveal" in given.options))


def _edit(call: Call, words: list[str]) -> None:
    given = parse_words(words, flags=GLOBAL_FLAGS, values=GLOBAL_VALUES)
    _need_sign_in(call)
    name, *assignments = given.alone
    quirks = call.quirks()
    with call.state.edit("vault") as document:
        found = _item(document, name, given.options.get("--vault"))
        # Only a real pipe is looked at; with a socket, /dev/null or nothing the edit is empty and still exits 0.
        sent = _piped_item() if call.stdin == "fifo" else None
        changed = vault.replaced(found, sent) if sent is not None else found
        for assignment in assignments:
            changed = vault.assigned(changed, assignment)
        document["items"][found["id"]] = vault.after_edit(found, changed, quirks=quirks)
        say(_as_text(document["items"][found["id"]], given, reveal=False))


def _piped_item() -> Document:
    try:
        sent = json.loads(sys.stdin.buffer.read())
    except ValueError:
        raise Refused("unable to process line 1: invalid JSON in piped input") from None
    if not isinstance(sent, dict):
        raise Refused("unable to process line 1: invalid JSON in piped input")
    return sent


def _as_text(found: Document, given: Words, *, reveal: bool) -> str:
    if given.options.get("--format") == "json":
        return json.dumps(found, indent=2)
    lines = [
        f"ID:          {found['id']}",
        f"Title:       {found['title']}",
        f"Vault:       {found['vault']['name']} ({found['vault']['id']})",
        f"Created:     {found['created_at']}",
        f"Updated:     {found['updated_at']}",
        "Favorite:    false",
        f"Version:     {found['version']}",
        f"Category:    {found['category']}",
        "Fields:",
    ]
    hidden = f"[use 'op item get {found['id']} --reveal' to reveal]"
    for field in found["fields"]:
        shown = field.get("value", "") if reveal or field["type"] != "CONCEALED" else hidden
        lines.append(f"  {field['label'] + ':':<23}{shown}")
    return "\n".join(lines)


def _whoami(call: Call, words: list[str]) -> None:
    given = parse_words(words, flags=GLOBAL_FLAGS, values=GLOBAL_VALUES)
    if call.quirks().get("signed_out"):
        raise Refused("account is not signed in")
    account = {"url": "https://practice.example", "email": "alex@practice.example", "user_uuid": "PRACTICEUSER"}
    if given.options.get("--format") == "json":
        say(json.dumps(account, indent=2))
    else:
        say(f"URL:        {account['url']}\nEmail:      {account['email']}\nUser ID:    {account['user_uuid']}")


def _vaults(call: Call, words: list[str]) -> None:
    given = parse_words(words, flags=GLOBAL_FLAGS, values=GLOBAL_VALUES)
    # The list may come from a cache while the app is locked, so it proves nothing unless the cache is off.
    if "false" in (given.options.get("--cache"), call.environment.get("OP_CACHE")):
        _need_sign_in(call)
    vaults = call.state.read("vault")["vaults"]
    if given.options.get("--format") == "json":
        say(json.dumps(vaults, indent=2))
    else:
        say("\n".join(["ID                            NAME", *(f"{each['id']:<30}{each['name']}" for each in vaults)]))


def _need_sign_in(call: Call) -> None:
    if call.quirks().get("signed_out"):
        raise Refused("You are not currently signed in. Please run `op signin --help` for instructions")


def _one(given: Words) -> str:
    if len(given.alone) != 1:
        raise Refused(f"accepts 1 arg(s), received {len(given.alone)}")
    return given.alone[0]


def _sign_in(call: Call, words: list[str]) -> None:
    """As with the app's integration: a finger, which the practice world always has, and nothing is printed."""
    if words:
        raise NotImplementedHere("signin with arguments")
    with call.state.edit("quirks") as quirks:
        quirks.get("op", {}).pop("signed_out", None)


COMMANDS: dict[tuple[str, ...], Callable[[Call, list[str]], None]] = {
    ("read",): _read,
    ("item", "get"): _get,
    ("item", "edit"): _edit,
    ("signin",): _sign_in,
    ("whoami",): _whoami,
    ("vault", "list"): _vaults,
}
