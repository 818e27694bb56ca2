"""What all of argocd's commands share: its options, its errors, who is signed in, and the commands about that."""

from __future__ import annotations

import json
from pathlib import Path

from zotops.lab.executables.call import Call, NotImplementedHere, Words, parse_words, say

VERSION = "v3.3.2+practice"
GLOBAL_FLAGS = ("--grpc-web", "--insecure", "--plaintext", "--core")
GLOBAL_VALUES = ("--server", "--auth-token", "--config", "--argocd-context", "--grpc-web-root-path", "-o", "--output")


class Fatal(Exception):
    """An error of the API or of the connection: exit 20."""


def parse(words: list[str], *, flags: tuple[str, ...] = (), values: tuple[str, ...] = ()) -> Words:
    """A command's words with argocd's own options, which may stand in front of the name or behind it."""
    return parse_words(words, flags=(*GLOBAL_FLAGS, *flags), values=(*GLOBAL_VALUES, *values))


def format_of(given: Words) -> str:
    """`json` or `wide`."""
    found = given.options.get("-o", given.options.get("--output", "wide"))
    if found not in ("json", "wide"):
        raise NotImplementedHere(f"-o {found}")
    return found


def signed_in(call: Call) -> bool:
    """Whether the token is the right one: from the environment, else from the stored login."""
    token = call.environment.get("ARGOCD_AUTH_TOKEN")
    if token is None:
        login = Path(call.environment.get("HOME", "/")) / ".config" / "argocd" / "config"
        found = login.read_text() if login.exists() else ""
        token = found.partition("auth-token: ")[2].partition("\n")[0]
    quirks = call.quirks()
    return token == call.world()["secrets"]["argocd_token"] and not quirks.get("healthy_but_signed_out")


def need_sign_in(call: Call, *, reading: bool = False) -> None:
    """Fatal without a valid token; a fault may leave reading possible."""
    if signed_in(call) or (reading and call.quirks().get("healthy_but_signed_out")):
        return
    raise Fatal("rpc error: code = Unauthenticated desc = no session information")


def user_info(call: Call, words: list[str]) -> int:
    """`account get-user-info`: exit 0 whether signed in or not; the JSON then lacks the field."""
    given = parse(words)
    known = {"loggedIn": True, "username": "practice", "iss": "argocd"} if signed_in(call) else {}
    if format_of(given) == "json":
        say(json.dumps(known))
    else:
        say(f"Logged In: {str(bool(known)).lower()}")
        if known:
            say(f"Username: {known['username']}\nIssuer: {known['iss']}\nGroups: ")
    return 0


def sign_in_again(call: Call, words: list[str]) -> int:
    """`relogin`: the browser knows the practice account still."""
    if parse(words).alone:
        raise NotImplementedHere("relogin with arguments")
    with call.state.edit("quirks") as quirks:
        quirks.get("argocd", {}).pop("healthy_but_signed_out", None)
    say("'practice' logged in successfully")
    return 0


def can_i(call: Call, words: list[str]) -> int:
    """`account can-i`: yes or no, exit 0 for both; the practice account may get and sync."""
    given = parse(words)
    need_sign_in(call)
    names = call.world()["names"]
    action, kind, thing = given.alone
    allowed = action in ("get", "sync") and kind == "applications" and thing.startswith(f"{names['argocd_project']}/")
    say("yes" if allowed else "no")
    return 0


def version(_call: Call, words: list[str]) -> int:
    """`version`, of the client and the server."""
    given = parse(words, flags=("--client", "--short"))
    known = {"client": {"Version": VERSION}, "server": {"Version": VERSION}}
    if "--client" in given.options:
        del known["server"]
    if format_of(given) == "json":
        say(json.dumps(known, indent=2))
        return 0
    say(f"argocd: {VERSION}")
    if "server" in known:
        say(f"argocd-server: {VERSION}")
    return 0
