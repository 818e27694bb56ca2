"""`kubectl`: two commands of `ak` in the worker, its restart, and reading ConfigMaps, the worker and applications."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

from zotops.lab.cluster import as_resource
from zotops.lab.executables.argocd import configmap
from zotops.lab.executables.call import Call, NotImplementedHere, Words, complain, parse_words, say
from zotops.lab.provider.recovery import UnknownUser, create_recovery_key
from zotops.lab.state import Document

WORDS_OF_RECOVERY = 4  # ak create_recovery_key MINUTES USER
WORDS_OF_APPLYING = 3  # ak apply_blueprint PATH
APPLIED_WITHIN = 10.0  # seconds; the worker looks several times in each
# Switches of the provider that a new worker does not have: it mounts the file as it is, and applies what differs.
OF_ONE_WORKER = ("worker_stuck", "apply_stuck")
VALUES = ("--context", "-n", "--namespace", "-o", "--output", "-c", "--request-timeout")
KINDS = {
    "configmap": "configmaps",
    "cm": "configmaps",
    "configmaps": "configmaps",
    "deploy": "deployments.apps",
    "deployment": "deployments.apps",
    "deployments": "deployments.apps",
    "application": "applications.argoproj.io",
    "applications": "applications.argoproj.io",
}


class Refused(Exception):
    """What kubectl says on standard error before it exits 1."""


def main(call: Call) -> int:
    """Answer as `kubectl` does."""
    cut = call.words.index("--") if "--" in call.words else len(call.words)
    given = parse_words(call.words[:cut], flags=("--no-headers", "-i", "-t", "-it", "--client"), values=VALUES)
    if given.alone == ["version"]:
        say("Client Version: v1.34.2")
        return 0
    try:
        _need_context(call, given)
        command, *rest = given.alone or [""]
        if command == "get":
            return _get(call, given, rest)
        if command == "exec":
            return _exec(call, given, rest, call.words[cut + 1 :])
        if [command, *rest[:1]] == ["rollout", "restart"]:
            return _restart(call, given, rest[1:])
    except Refused as refusal:
        complain(str(refusal))
        return 1
    raise NotImplementedHere(command or "no command")


def _need_context(call: Call, given: Words) -> None:
    wanted = call.world()["names"]["context"]
    context = given.options.get("--context", wanted)
    if context != wanted:
        raise Refused(f'error: context "{context}" does not exist')
    if call.quirks().get("cluster_unreachable"):
        raise Refused(_unreachable())


def _unreachable() -> str:
    return "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?"


def _namespace(given: Words) -> str:
    return given.options.get("-n", given.options.get("--namespace", "default"))


def _get(call: Call, given: Words, rest: list[str]) -> int:
    kind, name = rest[0].split("/", 1) if "/" in rest[0] else (rest[0], rest[1] if len(rest) > 1 else "")
    if kind not in KINDS:
        raise NotImplementedHere(f"get {kind}")
    readers: dict[str, Callable[[Call, Words], dict[str, Document]]] = {
        "configmaps": _configmaps,
        "deployments.apps": _deployments,
        "applications.argoproj.io": _applications,
    }
    found = readers[KINDS[kind]](call, given)
    if name and name not in found:
        raise Refused(f'Error from server (NotFound): {KINDS[kind]} "{name}" not found')
    shown = [found[name]] if name else list(found.values())
    form = given.options.get("-o", given.options.get("--output", ""))
    if form == "json":
        say(json.dumps(shown[0] if name else {"apiVersion": "v1", "kind": "List", "items": shown}, indent=4))
    elif form.startswith("custom-columns="):
        _print_columns(form.partition("=")[2], shown, headers="--no-headers" not in given.options)
    elif form == "name":
        say("\n".join(f"{KINDS[kind].partition('.')[0].rstrip('s')}/{each['metadata']['name']}" for each in shown))
    else:
        raise NotImplementedHere(f"get -o '{form}'")
    return 0


def _configmaps(call: Call, given: Words) -> dict[str, Document]:
    found = call.state.read("cluster")["configmaps"]
    here = _namespace(given)
    return {name: configmap(name, each) for name, each in found.items() if each["namespace"] == here}


def _deployments(call: Call, given: Words) -> dict[str, Document]:
    names = call.world()["names"]
    if _namespace(given) != names["namespace"]:
        return {}
    status = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1}
    return {
        name: {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": names["namespace"]},
            "spec": {"replicas": 1},
            "status": status,
        }
        for name in ("authentik-server", names["worker"])
    }


def _applications(call: Call, given: Words) -> dict[str, Document]:
    if call.quirks("services").get("cluster_unreachable"):
        raise Refused(_unreachable())
    if _namespace(given) != "argocd":
        return {}
    document, world = call.state.read("cluster"), call.world()
    stuck = bool(call.quirks("argocd").get("stuck_progressing"))
    return {
        name: as_resource(document, world, name, stuck=stuck and name == world["names"]["argocd_app"])
        for name in document["applications"]
    }


def _print_columns(wanted: str, shown: list[Document], *, headers: bool) -> None:
    columns = [column.split(":", 1) for column in wanted.split(",")]
    rows = [[title for title, _ in columns]] if headers else []
    rows += [[_at(each, path) for _, path in columns] for each in shown]
    widths = [max(len(row[index]) for row in rows) + 3 for index in range(len(columns))]
    for row in rows:
        say("".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _at(found: Document, path: str) -> str:
    value: object = found
    for part in path.strip(".").split("."):
        value = value.get(part, "<none>") if isinstance(value, dict) else "<none>"
    return str(value)


def _exec(call: Call, given: Words, rest: list[str], command: list[str]) -> int:
    _need_deployment(call, given, rest)
    if command[:2] == ["ak", "apply_blueprint"] and len(command) == WORDS_OF_APPLYING:
        return _apply(call, command[2])
    if command[:2] != ["ak", "create_recovery_key"] or len(command) != WORDS_OF_RECOVERY:
        raise NotImplementedHere(f"exec -- {' '.join(command[:2])}")
    try:
        os.write(1, create_recovery_key(call.folder, int(command[2]), command[3]).encode())
    except UnknownUser as problem:
        complain(str(problem))  # and exit 0, as the real command does
    return 0


def _need_deployment(call: Call, given: Words, rest: list[str]) -> str:
    names = call.world()["names"]
    target = rest[0].rpartition("/")[2] if rest else ""
    if _namespace(given) != names["namespace"] or target not in (names["worker"], "authentik-server"):
        raise Refused(f'Error from server (NotFound): deployments.apps "{target}" not found')
    return target


def _apply(call: Call, path: str) -> int:
    """`ak apply_blueprint`: the file as the worker sees it, whether or not it has changed; done by the provider."""
    if call.quirks("provider").get("apply_stuck"):
        raise NotImplementedHere("ak apply_blueprint while the worker applies nothing")
    with call.state.edit("provider") as document:
        if path not in document["blueprints"]:
            raise Refused(f"FileNotFoundError: /blueprints/{path}")
        document["blueprints"][path]["apply_requested"] = True
    until = time.monotonic() + APPLIED_WITHIN
    while (instance := call.state.read("provider")["blueprints"][path])["apply_requested"]:
        if time.monotonic() > until:
            raise Refused("the practice world's provider does not apply it: is it running?")
        time.sleep(0.05)
    if instance["status"] != "successful":
        raise Refused("Blueprint invalid")
    return 0


def _restart(call: Call, given: Words, rest: list[str]) -> int:
    """`rollout restart`: returns at once; the new worker begins with what lies there."""
    target = _need_deployment(call, given, rest)
    if target == call.world()["names"]["worker"]:
        with call.state.edit("quirks") as quirks:
            of_provider = quirks.get("provider", {})
            quirks["provider"] = {name: on for name, on in of_provider.items() if name not in OF_ONE_WORKER}
    say(f"deployment.apps/{target} restarted")
    return 0
